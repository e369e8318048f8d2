"""What to do about an error of a store: its libraries raise errors of every class and say little of a remedy."""

from collections.abc import Iterator

_DRIVERS = {
    "s3": "pip install 'zhengwen[s3]'",
    "s3a": "pip install 'zhengwen[s3]'",
    "gs": "pip install gcsfs",
    "gcs": "pip install gcsfs",
    "abfs": "pip install adlfs",
    "abfss": "pip install adlfs",
    "az": "pip install adlfs",
    "hdfs": "pip install 'zhengwen[parquet]', and Hadoop's own libraries",
    "webhdfs": "pip install requests",
}
"""What brings the driver of a kind of store."""
_HADOOP = ("libjvm", "libhdfs")
_UNREACHABLE = (
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ConnectionError",
    "ConnectTimeout",
    "ClientConnectorError",
)
_UNKNOWN_WHO = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound")
_NO_BUCKET = "NoSuchBucket"
_HERE = ("file", "local")
_KEYS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "s3a": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
}
_ENDPOINTS = {"s3": " (AWS_ENDPOINT_URL, if it is not Amazon's)", "s3a": " (AWS_ENDPOINT_URL, if it is not Amazon's)"}


def remedy(url: str, error: BaseException) -> str:
    """What a user can do who met an error at a URL."""
    kind = url.partition("://")[0].rpartition("::")[2]
    names = {cls.__name__ for one in _causes(error) for cls in type(one).__mro__}
    if isinstance(error, ImportError):
        return _DRIVERS.get(kind, "install what this kind of store needs")
    if kind == "hdfs" and any(word in str(error) for word in _HADOOP):
        return (
            "hdfs:// needs Java and Hadoop's client here: set JAVA_HOME, HADOOP_HOME and CLASSPATH, or use webhdfs://"
        )
    if is_no_bucket(error):
        return "make the bucket, or name another one"
    if names.intersection(_UNKNOWN_WHO) or (isinstance(error, PermissionError) and kind not in _HERE):
        keys = f" ({_KEYS[kind]})" if kind in _KEYS else ""
        return f"check the credentials{keys} and what they may do there"
    if names.intersection(_UNREACHABLE) or (isinstance(error, ValueError) and "endpoint" in str(error)):
        return f"check the endpoint{_ENDPOINTS.get(kind, '')} and the network, then give the same command again"
    return "mend that, then give the same command again"


def is_no_bucket(error: BaseException) -> bool:
    """Whether not only an object is missing but all of its store."""
    told = [getattr(one, "response", None) for one in _causes(error)]
    return any(isinstance(t, dict) and t.get("Error", {}).get("Code") == _NO_BUCKET for t in told)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__
