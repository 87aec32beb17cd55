"""How much AWS takes of a template and of what stands in it.

Sources: AWS, "Understand CloudFormation quotas", "Amazon VPC quotas", "Fargate task definitions:
task CPU and memory". (Read.)
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from deploy.check.finding import Finding
from deploy.check.templates import read_templates, resources
from deploy.emit import Documents
from deploy.environment import Environment

# From an S3 bucket; a template handed over inline may have 51,200.
TEMPLATE_BYTES_MAX = 1_000_000
RESOURCES_MAX = 500
OUTPUTS_MAX = 200
PARAMETERS_MAX = 200
DYNAMIC_REFERENCES_MAX = 60
DESCRIPTION_BYTES_MAX = 1_024
TAGS_MAX = 50
SECURITY_GROUP_RULES_MAX = 60
# CloudFront's prefix list counts as so many rules.
CLOUDFRONT_PREFIXES = 55
_MIB = 1024
# Processor units → memory in MiB: least, most, step.
FARGATE_MEMORY = {
    512: (1 * _MIB, 4 * _MIB, _MIB),
    1_024: (2 * _MIB, 8 * _MIB, _MIB),
    2_048: (4 * _MIB, 16 * _MIB, _MIB),
    4_096: (8 * _MIB, 30 * _MIB, _MIB),
    8_192: (16 * _MIB, 60 * _MIB, 4 * _MIB),
    16_384: (32 * _MIB, 120 * _MIB, 8 * _MIB),
}


def templates_keep_their_quotas(
    documents: Documents, _environment: Environment
) -> Iterator[Finding]:
    for path, template in read_templates(documents):
        text = documents[path]
        figures = {
            "bytes": (len(text.encode()), TEMPLATE_BYTES_MAX),
            "resources": (len(template.get("Resources", {})), RESOURCES_MAX),
            "outputs": (len(template.get("Outputs", {})), OUTPUTS_MAX),
            "parameters": (len(template.get("Parameters", {})), PARAMETERS_MAX),
            "dynamic references": (text.count("{{resolve:"), DYNAMIC_REFERENCES_MAX),
            "bytes of description": (len(_description(template)), DESCRIPTION_BYTES_MAX),
        }
        for what, (count, most) in figures.items():
            if count > most:
                yield Finding(path, "", f"{count} {what}, at most {most}")


def templates_say_what_they_are(
    documents: Documents, _environment: Environment
) -> Iterator[Finding]:
    for path, template in read_templates(documents):
        if not _description(template):
            yield Finding(path, "", "has no description")
        for section in ("Parameters", "Outputs"):
            for name, part in template.get(section, {}).items():
                if not part.get("Description"):
                    yield Finding(path, name, "has no description")


def _description(template: dict[str, Any]) -> bytes:
    return str(template.get("Description", "")).encode()


def tasks_are_of_a_size_that_fargate_has(
    documents: Documents, _environment: Environment
) -> Iterator[Finding]:
    for path, name, task in resources(documents, "AWS::ECS::TaskDefinition"):
        units, memory = int(task["Cpu"]), int(task["Memory"])
        least, most, step = FARGATE_MEMORY.get(units, (0, -1, 1))
        if not least <= memory <= most or (memory - least) % step:
            yield Finding(path, name, f"Fargate has no task of {units} units with {memory} MiB")


def security_groups_keep_their_quota(
    documents: Documents, _environment: Environment
) -> Iterator[Finding]:
    for way, most in (("Ingress", SECURITY_GROUP_RULES_MAX), ("Egress", SECURITY_GROUP_RULES_MAX)):
        weights: Counter[tuple[str, str]] = Counter()
        for path, _, rule in resources(documents, f"AWS::EC2::SecurityGroup{way}"):
            listed = any("PrefixListId" in key for key in rule)
            weights[path, rule["GroupId"]["Ref"]] += CLOUDFRONT_PREFIXES if listed else 1
        for (path, group), weight in weights.items():
            if weight > most:
                yield Finding(path, group, f"{weight} {way.lower()} rules, at most {most}")


def resources_keep_their_tags(documents: Documents, _environment: Environment) -> Iterator[Finding]:
    for path, template in read_templates(documents):
        for name, resource in template.get("Resources", {}).items():
            tags = resource.get("Properties", {}).get("Tags", ())
            if len(tags) > TAGS_MAX:
                yield Finding(path, name, f"{len(tags)} tags, at most {TAGS_MAX}")


RULES = (
    templates_keep_their_quotas,
    templates_say_what_they_are,
    tasks_are_of_a_size_that_fargate_has,
    security_groups_keep_their_quota,
    resources_keep_their_tags,
)
