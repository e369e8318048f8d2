"""A store of objects on this machine that speaks S3 over HTTP and checks keys and rights as Amazon does."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto import settings
from moto.core.responses import ActionAuthenticatorMixin
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

OPEN, LOCKED, MISSING = "corpus", "others", "missing"
"""A bucket of the user, one whose objects he may only list, and one that he may make and that is not there."""
_RIGHTS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{b}{o}" for b in (OPEN, MISSING) for o in ("", "/*")],
        },
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": [f"arn:aws:s3:::{LOCKED}"]},
    ],
}
_NOWHERE = "/nonexistent"
_WRITES = ("PUT", "POST", "DELETE")


class Buckets:
    """The server. address: where it listens. env: what a command needs to reach it as its user."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        self._left, self._victim = 0, None
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Silent)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
        self._s3 = self._client("s3", "root", "root")
        for bucket in (OPEN, LOCKED):
            self._s3.create_bucket(Bucket=bucket)
        self._s3.put_object(Bucket=LOCKED, Key="raw/a.md", Body=b"text")
        iam = self._client("iam", "root", "root")
        iam.create_user(UserName="user")
        iam.put_user_policy(UserName="user", PolicyName="rights", PolicyDocument=json.dumps(_RIGHTS))
        key = iam.create_access_key(UserName="user")["AccessKey"]
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
        ActionAuthenticatorMixin.request_count = 0
        self._s3 = self._client("s3", key["AccessKeyId"], key["SecretAccessKey"])
        self.env = {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_ENDPOINT_URL": self.address,
            "AWS_CONFIG_FILE": _NOWHERE,
            "AWS_SHARED_CREDENTIALS_FILE": _NOWHERE,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _client(self, service: str, key: str, secret: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )

    def close(self) -> None:
        """Stops it."""
        self._server.shutdown()
        self._server.server_close()

    def put(self, key: str, data: bytes) -> None:
        """Puts an object into the open bucket."""
        self._s3.put_object(Bucket=OPEN, Key=key, Body=data)

    def remove(self, key: str) -> None:
        """Removes an object of the open bucket."""
        self._s3.delete_object(Bucket=OPEN, Key=key)

    def tree(self, prefix: str) -> dict[str, bytes]:
        """The objects below a prefix of the open bucket, by the rest of their keys."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=OPEN, Prefix=f"{prefix}/")
        keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
        return {key[len(prefix) + 1 :]: self._s3.get_object(Bucket=OPEN, Key=key)["Body"].read() for key in keys}

    def unfinished(self) -> list[str]:
        """The keys of uploads in parts that were begun and not ended."""
        return [found["Key"] for found in self._s3.list_multipart_uploads(Bucket=OPEN).get("Uploads", ())]

    def names(self) -> list[str]:
        """The buckets that there are."""
        settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
        found = [bucket["Name"] for bucket in self._s3.list_buckets()["Buckets"]]
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
        return found

    @contextmanager
    def killing(self, victim: "subprocess.Popen[bytes]", step: int) -> Iterator[Callable[[], bool]]:
        """Kills a process when it asks for its writing number ``step``, which is not done; whether it was killed."""
        with self._lock:
            self._left, self._victim = step, victim
        yield lambda: self._left <= 0
        with self._lock:
            self._left, self._victim = 0, None

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in _WRITES:
            with self._lock:
                self._left -= self._victim is not None
                if self._victim and self._left <= 0:
                    self._victim.kill()
                    start("503 Service Unavailable", [])
                    return []
        return self._app(environ, start)


class _Silent(WSGIRequestHandler):
    """Logs nothing."""

    def log(self, *_: object) -> None:
        pass
