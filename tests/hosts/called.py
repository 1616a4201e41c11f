"""A client that has called in the process that loads this, before any other is forked."""

from process import answer, check, new_client

client = new_client()
check(answer(client, "one", "subuser-00001") == "on", "no answer")
check(answer(client, "many", "subuser-00001") == "on", "no answer")


def ask(kind: str, name: str) -> str:
    return answer(client, kind, name)
