import asyncio
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest

from tests.support.paying import REDIRECT, audit, count_rows
from tiketi.payments.loops import reconcile


class Forms(HTMLParser):
    """The addresses that a page's forms post to, and its links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.actions: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "form":
            assert values["method"] == "post"
            self.actions.append(values["action"])
        elif tag == "a":
            self.links.append(values["href"])


async def redirected(anna, **more) -> tuple[dict, str]:
    """A payment whose buyer was sent to the sandbox's page, and that page's address."""
    payment = await anna.start(await anna.reserve("A-1-1"), **more)
    answer = await anna.confirm(payment, REDIRECT)
    assert (answer.status_code, answer.json()["status"]) == (200, "processing")
    assert (await anna.look(payment))["client"] == answer.json()["client"]
    return payment, answer.json()["client"]["redirect_url"]


async def press(client, url: str, button: int):
    page = await client.http.get(url)
    assert page.status_code == 200
    return await client.http.post(
        urljoin(url, Forms(page.text).actions[button]),
        content=b"",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


async def test_the_page_stands_alone_and_shows_the_amount(anna, client):
    _, url = await redirected(anna)
    page = await client.http.get(url)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "50,000 KRW" in page.text
    assert "src=" not in page.text
    assert len(Forms(page.text).actions) == 2


async def test_approving_leads_back_and_ends_in_tickets(anna, client, runtime):
    payment, url = await redirected(anna, return_url="https://shop.test/back?a=1&b=2")
    answer = await press(client, url, 0)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "https://shop.test/back?a=1&b=2",
    )
    confirmed = await anna.confirm(payment, None)
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "succeeded")
    assert confirmed.json()["client"] == {}
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert await audit(runtime) == []
    page = await client.http.get(url)
    assert Forms(page.text).actions == []
    assert Forms(page.text).links == ["https://shop.test/back?a=1&b=2"]


async def test_approving_without_a_way_back_stays_on_the_page(anna, client):
    _, url = await redirected(anna)
    answer = await press(client, url, 0)
    assert url.endswith(answer.headers["location"])
    assert "went through" in (await client.http.get(answer.headers["location"])).text


async def test_declining_fails_the_payment(anna, client, runtime):
    payment, url = await redirected(anna)
    assert (await press(client, url, 1)).status_code == 303
    answer = await anna.confirm(payment, None)
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")
    assert answer.json()["failure_code"] == "declined_by_buyer"
    assert (await anna.start(payment["reservation_id"]))["id"] != payment["id"]


async def test_the_first_choice_stands(anna, client, runtime):
    payment, url = await redirected(anna)
    answers = await asyncio.gather(
        *(client.http.post(f"{url}/{word}") for word in ("approve", "decline") * 4)
    )
    assert {answer.status_code for answer in answers} == {303}
    assert await count_rows(runtime, "sandbox.webhook") == 1
    end = (await anna.confirm(payment, None)).json()["status"]
    page = (await client.http.get(url)).text
    assert {"succeeded": "went through", "failed": "Nothing was charged"}[end] in page
    assert await audit(runtime) == []


async def test_before_the_buyer_chose_it_is_processing(anna, runtime, clock, settings):
    payment, url = await redirected(anna)
    assert (await anna.confirm(payment, None)).json()["status"] == "processing"
    clock.advance(seconds=settings.payment_reconcile_after_seconds + 1)
    await reconcile(runtime)
    assert (await anna.look(payment))["client"] == {"redirect_url": url}


async def test_a_buyer_who_never_comes_back_is_not_waited_for_forever(anna, client, runtime, clock):
    payment, url = await redirected(anna)
    clock.advance(seconds=1_000)
    await reconcile(runtime)
    assert (await anna.look(payment))["status"] == "cancelled"
    assert Forms((await client.http.get(url)).text).actions == []
    assert (await client.http.post(f"{url}/approve")).status_code == 303
    assert (await anna.look(payment))["status"] == "cancelled"
    assert await audit(runtime) == []


@pytest.mark.parametrize("charge", ["x", "sbx_x", "%00", "a" * 300, "%ff"])
async def test_an_unknown_page_is_not_found(client, charge):
    for method, suffix in (("GET", ""), ("POST", "/approve"), ("POST", "/decline")):
        answer = await client.call(method, f"/payments/sandbox/{charge}{suffix}")
        assert answer.status_code == 404


async def test_the_way_back_is_not_markup(anna, client):
    _, url = await redirected(anna, return_url='https://shop.test/?"><script>1</script>')
    await press(client, url, 0)
    page = (await client.http.get(url)).text
    assert "<script>" not in page
    assert Forms(page).links == ['https://shop.test/?"><script>1</script>']
