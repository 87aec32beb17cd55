"""What every stack is made with: descriptions, tags, exports, and the same bytes each time."""

import json
from typing import Any

from troposphere import Export, ImportValue, Output, Parameter, Sub, Tags, Template

from deploy.environment import Environment


def new_template(environment: Environment, about: str) -> Template:
    template = Template(Description=f"Tiketi {environment.name}: {about}")
    template.set_version()
    return template


def render_template(template: Template) -> str:
    return json.dumps(template.to_dict(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def add_export(
    template: Template, environment: Environment, name: str, value: Any, about: str
) -> None:
    """An output that other stacks of this region import by ``import_value``."""
    template.add_output(
        Output(name, Description=about, Value=value, Export=Export(f"{environment.prefix}-{name}"))
    )


def import_value(environment: Environment, name: str) -> ImportValue:
    return ImportValue(f"{environment.prefix}-{name}")


def add_text_parameter(template: Template, name: str, about: str, **limits: Any) -> Parameter:
    return template.add_parameter(Parameter(name, Type="String", Description=about, **limits))


def tags_of(environment: Environment, name: str) -> Tags:
    return Tags(Name=f"{environment.prefix}-{name}", Environment=environment.name, Project="tiketi")


def arn(service: str, resource: str) -> Sub:
    """Of this account, region and partition; ``resource`` may hold ${…} of its own."""
    return Sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


def title(*words: str) -> str:
    """A logical name: letters and digits."""
    return "".join(
        part.capitalize() for word in words for part in word.replace("_", "-").split("-")
    )
