"""One's own account."""

from tiketi.auth import service
from tiketi.auth.routes.table import routes
from tiketi.auth.schemas import ProfileBody, UserView
from tiketi.infra.http.call import Call


@routes.get("/me", answer=UserView)
async def get_me(call: Call[None, None]) -> UserView:
    """The signed-in user."""
    async with call.runtime.database.latest() as reader:
        return UserView.of(await service.get_own_account(reader, call.actor.user_id))


@routes.patch("/me", body=ProfileBody, answer=UserView)
async def update_me(call: Call[ProfileBody, None]) -> UserView:
    """Change the name or the phone number."""
    body, given = call.body, call.body.model_fields_set
    async with call.runtime.database.transaction() as tx:
        account = await service.update_profile(
            tx,
            call.actor.user_id,
            name=body.name if "name" in given else None,
            phone=body.phone,
            with_phone="phone" in given,
        )
    return UserView.of(account)


@routes.delete("/me")
async def erase_me(call: Call[None, None]) -> None:
    """Erase the person from the account, for good.

    Name, e-mail address, phone number and password go, every token is refused. What was bought
    and paid stays in the books under the account's id. The address may be registered again.
    """
    async with call.runtime.database.transaction() as tx:
        await service.erase_account(tx, call.actor.user_id, call.now)
