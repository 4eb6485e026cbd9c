"""Access tokens of the local Cognito: of customers, who are signed up on the way, of staff, and of
the operator.

Cognito signs them, and the API checks them, as on AWS.
"""

import base64
import json
import re
import time
from contextlib import suppress
from secrets import token_urlsafe
from typing import Any

from botocore.exceptions import ClientError

from scripts.local.clients import Clients
from scripts.local.deployment import API_ID
from scripts.local.errors import LocalError
from scripts.local.home import Notes

GROUPS = ("staff", "operator")
LEAST_SECONDS = 300  # for which a token that is handed out can still be used
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


def token_of(who: str, clients: Clients, notes: Notes) -> str:
    """A token of `staff`, of the `operator`, or of a customer of any other name. It is made once,
    and again shortly before it expires.
    """
    if not NAME.fullmatch(who):
        raise LocalError(f"AS is staff, operator or a name like alice, not '{who}'")
    issuer, client_id = _issuer(clients)
    noted = notes[f"token of {who}"]
    if noted and _is_good(claims_of(noted), issuer):
        return noted
    pool = issuer.rpartition("/")[2]
    try:
        made = _signed_in(clients.client("cognito-idp"), pool, client_id, who)
    except ClientError as error:
        raise LocalError(f"no token for {who}: {error}") from None
    notes.note(**{f"token of {who}": made})
    return made


def claims_of(token: str) -> Any:
    """The claims of a token, unchecked."""
    text = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _is_good(claims: Any, issuer: str) -> bool:
    return bool(claims["iss"] == issuer and claims["exp"] > time.time() + LEAST_SECONDS)


def _issuer(clients: Clients) -> tuple[str, str]:
    """The issuer that the API believes, and the client."""
    for found in clients.client("apigatewayv2").get_authorizers(ApiId=API_ID)["Items"]:
        jwt = found["JwtConfiguration"]
        return jwt["Issuer"], jwt["Audience"][0]
    raise LocalError("this API asks nobody for a token: leave the header out")


def _signed_in(cognito: Any, pool: str, client_id: str, who: str) -> str:
    name, password = f"{who}@example.com", f"{token_urlsafe(24)}aA1!"
    user = {"UserPoolId": pool, "Username": name}
    with suppress(cognito.exceptions.UsernameExistsException):
        told = [{"Name": "email", "Value": name}, {"Name": "email_verified", "Value": "true"}]
        cognito.admin_create_user(**user, UserAttributes=told, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**user, Password=password, Permanent=True)
    if who in GROUPS:
        cognito.admin_add_user_to_group(**user, GroupName=who)
    answer = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    return str(answer["AuthenticationResult"]["AccessToken"])
