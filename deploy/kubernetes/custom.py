"""The part that we use of what other projects add to Kubernetes, as their documents have it.

kubernetes-validate knows Kubernetes' own kinds only. These models refuse what they do not know;
a field that is used anew is looked up and added here. Sources: the references of the External
Secrets Operator (external-secrets.io/v1), of Amazon's VPC resource controller
(vpcresources.k8s.aws/v1beta1), of Istio (networking.istio.io/v1, security.istio.io/v1) and of
kustomize (kustomize.config.k8s.io/v1beta1).
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from deploy.kubernetes.manifest import Manifest

HUNDRED_PERCENT = 100
Port = Annotated[int, Field(ge=1, le=65_535)]
Duration = Annotated[str, Field(pattern=r"^([0-9]+(ms|s|m|h))+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class _Metadata(_Strict):
    name: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=253)]
    namespace: str
    labels: dict[str, str]
    annotations: dict[str, str] = {}


class _Named(_Strict):
    name: str


class _Jwt(_Strict):
    service_account_ref: _Named


class _AwsAuth(_Strict):
    jwt: _Jwt


class _Aws(_Strict):
    service: Literal["SecretsManager", "ParameterStore"]
    region: str
    auth: _AwsAuth


class _Provider(_Strict):
    aws: _Aws


class _SecretStoreSpec(_Strict):
    provider: _Provider


class SecretStore(_Strict):
    api_version: Literal["external-secrets.io/v1"]
    kind: Literal["SecretStore"]
    metadata: _Metadata
    spec: _SecretStoreSpec


class _StoreRef(_Strict):
    kind: Literal["SecretStore", "ClusterSecretStore"]
    name: str


class _Target(_Strict):
    name: str
    creation_policy: Literal["Owner", "Orphan", "Merge", "None"]


class _RemoteRef(_Strict):
    key: str
    property: str


class _SecretData(_Strict):
    secret_key: Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]+$")]
    remote_ref: _RemoteRef


class _ExternalSecretSpec(_Strict):
    refresh_interval: Duration
    secret_store_ref: _StoreRef
    target: _Target
    data: Annotated[list[_SecretData], Field(min_length=1)]


class ExternalSecret(_Strict):
    api_version: Literal["external-secrets.io/v1"]
    kind: Literal["ExternalSecret"]
    metadata: _Metadata
    spec: _ExternalSecretSpec


class _Mtls(_Strict):
    mode: Literal["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]


class _PeerAuthenticationSpec(_Strict):
    mtls: _Mtls


class PeerAuthentication(_Strict):
    api_version: Literal["security.istio.io/v1"]
    kind: Literal["PeerAuthentication"]
    metadata: _Metadata
    spec: _PeerAuthenticationSpec


class _GatewayPort(_Strict):
    number: Port
    name: str
    protocol: Literal["HTTP", "HTTPS", "GRPC", "HTTP2", "MONGO", "TCP", "TLS"]


class _Server(_Strict):
    port: _GatewayPort
    hosts: Annotated[list[str], Field(min_length=1)]


class _GatewaySpec(_Strict):
    selector: dict[str, str]
    servers: Annotated[list[_Server], Field(min_length=1)]


class Gateway(_Strict):
    api_version: Literal["networking.istio.io/v1"]
    kind: Literal["Gateway"]
    metadata: _Metadata
    spec: _GatewaySpec


class _Uri(_Strict):
    exact: str | None = None
    regex: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "_Uri":
        if (self.exact is None) == (self.regex is None):
            raise ValueError("one of exact and regex")
        return self


class _Match(_Strict):
    uri: _Uri


class _PortNumber(_Strict):
    number: Port


class _Destination(_Strict):
    host: str
    subset: str
    port: _PortNumber


class _Route(_Strict):
    destination: _Destination
    weight: Annotated[int, Field(ge=0, le=HUNDRED_PERCENT)]


class _Retries(_Strict):
    attempts: Annotated[int, Field(ge=0)]
    retry_on: str


class _HttpRoute(_Strict):
    match: Annotated[list[_Match], Field(min_length=1)]
    route: Annotated[list[_Route], Field(min_length=1)]
    retries: _Retries

    @model_validator(mode="after")
    def _whole(self) -> "_HttpRoute":
        if sum(route.weight for route in self.route) != HUNDRED_PERCENT:
            raise ValueError("the weights are not 100 together")
        return self


class _VirtualServiceSpec(_Strict):
    hosts: Annotated[list[str], Field(min_length=1)]
    gateways: list[str]
    http: Annotated[list[_HttpRoute], Field(min_length=1)]


class VirtualService(_Strict):
    api_version: Literal["networking.istio.io/v1"]
    kind: Literal["VirtualService"]
    metadata: _Metadata
    spec: _VirtualServiceSpec


class _Tls(_Strict):
    mode: Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]


class _OutlierDetection(_Strict):
    consecutive_errors: Annotated[int, Field(alias="consecutive5xxErrors")]
    interval: Duration
    base_ejection_time: Duration
    max_ejection_percent: Annotated[int, Field(ge=0, le=HUNDRED_PERCENT)]


class _Cookie(_Strict):
    name: str
    ttl: Duration


class _ConsistentHash(_Strict):
    http_cookie: _Cookie


class _LoadBalancer(_Strict):
    consistent_hash: _ConsistentHash


class _TrafficPolicy(_Strict):
    tls: _Tls
    outlier_detection: _OutlierDetection
    load_balancer: _LoadBalancer | None = None


class _Subset(_Strict):
    name: str
    labels: dict[str, str]


class _DestinationRuleSpec(_Strict):
    host: str
    traffic_policy: _TrafficPolicy
    subsets: list[_Subset]


class DestinationRule(_Strict):
    api_version: Literal["networking.istio.io/v1"]
    kind: Literal["DestinationRule"]
    metadata: _Metadata
    spec: _DestinationRuleSpec


class _PodSelector(_Strict):
    match_labels: dict[str, str]


class _Groups(_Strict):
    group_ids: Annotated[list[str], Field(min_length=1, max_length=5)]


class _SecurityGroupPolicySpec(_Strict):
    pod_selector: _PodSelector
    security_groups: _Groups


class SecurityGroupPolicy(_Strict):
    api_version: Literal["vpcresources.k8s.aws/v1beta1"]
    kind: Literal["SecurityGroupPolicy"]
    metadata: _Metadata
    spec: _SecurityGroupPolicySpec


class Kustomization(_Strict):
    api_version: Literal["kustomize.config.k8s.io/v1beta1"]
    kind: Literal["Kustomization"]
    resources: Annotated[list[str], Field(min_length=1)]


CUSTOM_KINDS: dict[str, type[_Strict]] = {
    model.__name__: model
    for model in (
        SecretStore,
        ExternalSecret,
        PeerAuthentication,
        Gateway,
        VirtualService,
        DestinationRule,
        SecurityGroupPolicy,
        Kustomization,
    )
}


def complaints(document: Manifest) -> list[tuple[str, str]]:
    """Where in the document, and what; KeyError for a kind that is none of these."""
    try:
        CUSTOM_KINDS[document["kind"]].model_validate(document)
    except ValidationError as error:
        return [(".".join(str(part) for part in one["loc"]), one["msg"]) for one in error.errors()]
    return []
