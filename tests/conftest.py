"""What the specification shares: the shipped model, the installed command, real texts where they are at hand."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from zhengwen.model import Model, load

# A shell's job in the background ignores Ctrl-C, and so would every command that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("ZHENGWEN_SHARED", ROOT.parent / "shared"))
COMMAND = Path(sys.executable).parent / "zhengwen"

# What CI says of a change must not depend on luck: the same examples every time. `make explore` looks for new ones.
settings.register_profile("explore", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("default", settings.get_profile("explore"), max_examples=100, derandomize=True)
settings.load_profile("default")

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture(scope="session")
def model() -> Model:
    return load()


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"measures on texts that are not in the repository; they would be at {SHARED}")
    return SHARED


def git(folder: Path, *args: str, stdin: bytes = b"") -> bytes:
    """What git says in a folder."""
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
    return subprocess.run(["git", "-C", folder, *who, *args], input=stdin, check=True, capture_output=True).stdout


@pytest.fixture
def zhengwen(tmp_path: Path) -> Run:
    """The installed command, in an empty folder of its own."""

    def run(*args: object, stdin: bytes = b"", cwd: Path = tmp_path, **env: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [COMMAND, *map(str, args)],
            input=stdin,
            capture_output=True,
            cwd=cwd,
            env={**os.environ, **env},
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a Ray cluster of two nodes on this machine."""
    ray = pytest.importorskip("ray", reason="Ray is not installed; pip install --group integrations")
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes.add_node(num_cpus=1)
    yield nodes.address
    ray.shutdown()
    nodes.shutdown()


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """A small scraped folder: an article with a tail, one without anything to remove, one in a sub-folder."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "tail.md").write_text(TAILED, encoding="utf-8")
    (folder / "plain.md").write_text(PLAIN, encoding="utf-8")
    (folder / "sub" / "same.txt").write_text(TAILED, encoding="utf-8", newline="")
    return folder


APART = ("--dedup", "off")
"""For tests whose articles say the same and shall stay nevertheless."""

PLAIN = """# 为什么梯度裁剪要放在优化器之前

训练循环里，裁剪的位置决定了它裁的是什么。反向传播结束之后，梯度还没有被缩放过，这时候取范数才有意义。

如果先调用优化器，参数已经动了，再裁剪只是把下一步要清零的数改小而已。

## 一个最小的例子

```python
loss.backward()
clip_grad_norm_(model.parameters(), 1.0)
optimizer.step()
```

混合精度训练时还要先把梯度除以缩放因子，否则阈值会跟着缩放因子一起漂移。
"""

TAILED = (
    PLAIN
    + """
## 写在最后

看到这里的同学，我把这几年整理的深度学习学习路线、面试题库和项目源码打包成了一份资料大礼包，全部免费分享给大家。

扫描下方二维码添加小助手微信，备注“资料”，即可免费领取！

![扫码领取](https://img.example.cn/qr/assistant.png)

觉得文章有用的话，欢迎点赞、收藏、关注，一键三连支持一下！
"""
)
