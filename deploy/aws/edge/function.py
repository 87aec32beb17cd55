"""What CloudFront does to the site's requests and answers by itself."""

from troposphere import Template
from troposphere.cloudfront import (
    ContentTypeOptions,
    FrameOptions,
    Function,
    FunctionConfig,
    ReferrerPolicy,
    ResponseHeadersPolicy,
    ResponseHeadersPolicyConfig,
    SecurityHeadersConfig,
    StrictTransportSecurity,
)

from deploy.environment import Environment

HSTS_SECONDS = 31_536_000
# A page's address is the application's to read: every path without a file's ending is its page.
# An error page would do the same to the API's own 404s.
_PAGE = """\
function handler(event) {
    var request = event.request;
    var name = request.uri.split('/').pop();
    if (name.indexOf('.') === -1) {
        request.uri = '/index.html';
    }
    return request;
}
"""


def add_page_function(template: Template, environment: Environment) -> None:
    template.add_resource(
        Function(
            "PageFunction",
            Name=f"{environment.prefix}-page",
            AutoPublish=True,
            FunctionCode=_PAGE,
            FunctionConfig=FunctionConfig(
                Comment="a path of the application is its page", Runtime="cloudfront-js-2.0"
            ),
        )
    )


def add_security_headers(template: Template, environment: Environment) -> None:
    headers = SecurityHeadersConfig(
        ContentTypeOptions=ContentTypeOptions(Override=True),
        FrameOptions=FrameOptions(FrameOption="DENY", Override=True),
        ReferrerPolicy=ReferrerPolicy(
            ReferrerPolicy="strict-origin-when-cross-origin", Override=True
        ),
        StrictTransportSecurity=StrictTransportSecurity(
            AccessControlMaxAgeSec=HSTS_SECONDS, IncludeSubdomains=True, Override=True
        ),
    )
    template.add_resource(
        ResponseHeadersPolicy(
            "SecurityHeaders",
            ResponseHeadersPolicyConfig=ResponseHeadersPolicyConfig(
                Name=f"{environment.prefix}-security", SecurityHeadersConfig=headers
            ),
        )
    )
