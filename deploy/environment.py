"""The environments that are deployed to, and what may differ between them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Environment:
    """One AWS account's worth of Tiketi: its names, its sizes, the options that it takes.

    Sizes of tasks and their numbers are the registry's, everywhere; ``tasks_share`` scales the
    numbers down where no crowd is expected. ``readers_max`` counts Aurora readers, of which one
    is the standby. ``mesh``: Istio between the pods of Kubernetes, which sends a canary
    ``canary_percent`` of its service's requests.
    """

    name: str
    domain: str = "tiketi.gg"
    region: str = "ap-northeast-2"
    vpc_cidr: str = "10.0.0.0/16"
    zones: int = 3
    tasks_share: float = 1.0
    database_instance_class: str = "db.r6g.2xlarge"
    database_serverless: bool = False
    database_proxy: bool = False
    database_analytics_reader: bool = True
    readers_min: int = 1
    readers_max: int = 8
    redis_node_type: str = "cache.r6g.xlarge"
    # By comma, the first is the default. The sandbox gives tickets for nothing.
    payment_providers: str = "toss"
    mesh: bool = False
    canary_percent: int = 5
    backup_days: int = 7
    log_days: int = 30
    deletion_protection: bool = True

    @property
    def api_host(self) -> str:
        return f"api.{self.domain}"

    @property
    def admin_host(self) -> str:
        return f"admin.{self.domain}"

    @property
    def calling_hosts(self) -> tuple[str, ...]:
        """Where the API is called at: the site and the administrators' pages do so at their own."""
        return self.api_host, self.domain, self.admin_host

    @property
    def prefix(self) -> str:
        """What every resource's name begins with."""
        return f"tiketi-{self.name}"


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        Environment("prod"),
        Environment(
            "staging",
            domain="staging.tiketi.gg",
            tasks_share=0.1,
            payment_providers="sandbox",
            database_instance_class="db.r6g.large",
            database_serverless=True,
            database_analytics_reader=False,
            readers_max=2,
            redis_node_type="cache.t4g.medium",
            deletion_protection=False,
        ),
    )
}
