"""How much of the boilerplate is still found when it is disguised, trick by trick.

python benchmarks/disguise.py LABELS... [--model MODEL] [--strength 0.5] [--number 200] [--seed 0] [--tricks TRICK...]

LABELS are files or folders of labelled articles in JSON Lines. Their passages of boilerplate, and nothing else, are
disguised: not code, link targets or tags. Each row says what share of the boilerplate is removed with and without the
trick, and what share of the passages is found. Articles that a model was trained on flatter it; the difference of the
two columns is what this measures. The lists below are written for this script: what the features see through is in
`zhengwen.stages.features.disguise`, and neither knows the other.

The strength is the share of places where a trick is used: characters for width, traditional forms, invisible
characters and signs, words for homophones and emoji, lines for vertical writing.
"""

import argparse
import random
import re
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from zhengwen.articles import BOILERPLATE, Article, Span
from zhengwen.cleaning import Cleaner
from zhengwen.model import load
from zhengwen.stages.features import codes
from zhengwen.training.evaluation import Figures, figures, tally
from zhengwen.training.labels import Labelled, read_labels

Trick = Callable[[str, float, random.Random], str]

_WORDS = {
    "微信": "v信 V信 薇信 威信 维信 微伈 wx VX 微x 徽信 ❤️信 Ⅴ信 微心",
    "二维码": "二v码 二V码 二维馬 二维妈 2维码 二唯码 二微码 2v码",
    "关注": "关zhu guan注 関注 关註 関註 关住 gz",
    "公众号": "公众hao gzh 公仲号 公主号 公眾號 公种号 GZH 公总号",
    "QQ": "扣扣 q.q 企鹅 ⓠⓠ 秋秋 球球",
    "加": "➕ + 茄 伽 jia",
    "群": "裙 君羊 qun 羣",
    "免费": "免fei 兔费 0元 mian费 免沸",
    "领取": "领娶 领qu ling取 lingqu",
    "扫码": "扫马 sao码 扫ma 扫玛",
    "点赞": "点zan 点攒 点讚 dianzan",
    "资料": "资liao 姿料 zi料 资廖",
    "福利": "福li 福力 fu利 福莉",
    "私信": "私xin 思信 私芯 si信",
    "回复": "回f 回覆 hui复 huifu",
    "收藏": "收cang 收蔵 shoucang",
    "转发": "转fa 轉發 zhuan发",
    "评论": "评lun 評論 pinglun",
    "红包": "红bao hong包 🧧",
    "星球": "🌟球 xing球 ⭐球",
    "优惠": "优hui 優惠 you惠",
}
_EMOJI = {
    "公众号": "公🐷号 公☆众☆号 公👥号",
    "微信": "微❤️信 微🌟信 🛰️ 薇❤️",
    "关注": "关🌟注 关❤️注 关➕",
    "二维码": "二维🐎 二🌟维码",
    "扫码": "扫🐎 扫📷码",
    "加": "➕",
    "QQ": "🐧",
    "群": "👗 🌟群",
    "免费": "免💰 🆓",
    "点赞": "点👍 👍",
    "领取": "领🎁 领⭐取",
    "资料": "资📚料 📚",
    "福利": "福🎁利 🎁",
    "收藏": "收⭐藏 ⭐",
}
_SIGNS = ".·*-_~/|^ "
_INVISIBLE = "\u200b\u200c\u200d\ufeff\u2060"
_KEPT = re.compile(r"\]\([^)\n]*\)|!?\[|https?://\S+|<[^>\n]+>|```.*?```", re.S)
_HAN = re.compile(r"[\u3400-\u9fff]")


def width(text: str, strength: float, rng: random.Random) -> str:
    """Letters and digits in full width."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() and rng.random() < strength else c for c in text)


def _traditional_forms() -> dict[str, list[str]]:
    pairs = codes.SIMPLIFIED.read_text(encoding="utf-8").replace("\n", "")
    forms: dict[str, list[str]] = {}
    for traditional, simplified in zip(pairs[::2], pairs[1::2], strict=True):
        forms.setdefault(simplified, []).append(traditional)
    return forms


_TRADITIONAL = _traditional_forms()


def traditional(text: str, strength: float, rng: random.Random) -> str:
    """Traditional characters."""
    return "".join(rng.choice(_TRADITIONAL[c]) if c in _TRADITIONAL and rng.random() < strength else c for c in text)


def invisible(text: str, strength: float, rng: random.Random) -> str:
    """Characters of no width between others."""
    return "".join(c + rng.choice(_INVISIBLE) if _HAN.match(c) and rng.random() < strength else c for c in text)


def signs(text: str, strength: float, rng: random.Random) -> str:
    """Dots, strokes and spaces between Chinese characters."""
    parts = []
    for one, other in zip(text, [*text[1:], "\n"][: len(text)], strict=True):
        between = _HAN.match(one) and _HAN.match(other) and rng.random() < strength
        parts.append(one + rng.choice(_SIGNS) if between else one)
    return "".join(parts)


def _replaced(table: dict[str, str], text: str, strength: float, rng: random.Random) -> str:
    words = re.compile("|".join(sorted(table, key=len, reverse=True)), re.I)
    return words.sub(lambda m: rng.choice(table[m[0].upper()].split()) if rng.random() < strength else m[0], text)


def homophones(text: str, strength: float, rng: random.Random) -> str:
    """Words written with others that sound or look alike, or with Latin letters."""
    return _replaced(_WORDS, text, strength, rng)


def emoji(text: str, strength: float, rng: random.Random) -> str:
    """Words written with emoji."""
    return _replaced(_EMOJI, text, strength, rng)


def vertical(text: str, strength: float, rng: random.Random) -> str:
    """Lines of nothing but Chinese characters and their punctuation, one character a line."""
    lines = []
    for line in text.split("\n"):
        prose = len(_HAN.findall(line)) >= 4 and re.fullmatch(r"[\u3000-\u9fff\uff00-\uffef\w]+", line.strip())
        lines.append("\n".join(line.strip()) if prose and rng.random() < strength else line)
    return "\n".join(lines)


def everything(text: str, strength: float, rng: random.Random) -> str:
    """All but vertical writing, each at a third of the strength."""
    for trick in (homophones, emoji, traditional, width, signs, invisible):
        text = trick(text, strength / 3, rng)
    return text


TRICKS: tuple[Trick, ...] = (width, traditional, invisible, signs, homophones, emoji, vertical, everything)


def disguised(sample: Labelled, trick: Trick, strength: float, rng: random.Random) -> tuple[str, list[Span]]:
    """The article with its boilerplate disguised, and where that stands now."""
    text, spans = "", []
    done = 0
    for start, end, kind in sample.spans:
        text += sample.article.text[done:start]
        begin = len(text)
        text += _but_targets(sample.article.text[start:end], lambda piece: trick(piece, strength, rng))
        spans.append((begin, len(text), kind))
        done = end
    return text + sample.article.text[done:], spans


def _but_targets(passage: str, change: Callable[[str], str]) -> str:
    out, done = [], 0
    for kept in _KEPT.finditer(passage):
        out += [change(passage[done : kept.start()]), kept[0]]
        done = kept.end()
    return "".join([*out, change(passage[done:])])


def measure(cleaner: Cleaner, texts: list[tuple[str, list[Span]]], bar: "tqdm[None]") -> Figures:
    """Figures over texts and their gold spans."""
    tallies = []
    for text, spans in texts:
        (cleaned,) = cleaner.clean([Article("a", text)])
        tallies.append(tally(text, spans, [(f.start, f.end, f.kind) for f in cleaned.findings]))
        bar.update()
    return figures(tallies)


def main() -> None:
    """Disguises, cleans, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="+", type=Path)
    parser.add_argument("--model", type=Path, help="folder of a model in place of the shipped one")
    parser.add_argument("--strength", type=float, default=0.5)
    parser.add_argument("--number", type=int, default=200, help="articles with boilerplate, spread over the files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tricks", nargs="+", choices=[t.__name__ for t in TRICKS], help="these alone")
    a = parser.parse_args()
    samples = [s for s in read_labels(a.labels) if s.spans and s.windows is None]
    samples = samples[:: max(1, len(samples) // a.number)]
    cleaner = Cleaner(load(a.model), BOILERPLATE)
    print(f"{len(samples)} articles, strength {a.strength}")
    print(f"{'trick':<14}{'recall':>8}{'change':>8}{'passages':>10}{'change':>8}{'retention':>11}")
    tricks = [t for t in TRICKS if not a.tricks or t.__name__ in a.tricks]
    with tqdm(total=len(samples) * (len(tricks) + 1), unit=" article") as bar:
        plain = measure(cleaner, [(s.article.text, list(s.spans)) for s in samples], bar)
        print(
            f"{'none':<14}{plain.recall:>8.4f}{'':>8}{plain.passages:>10.4f}{'':>8}{plain.retention:>11.4f}", flush=True
        )
        for trick in tricks:
            rng = random.Random(a.seed)
            f = measure(cleaner, [disguised(s, trick, a.strength, rng) for s in samples], bar)
            recall, passages = f.recall - plain.recall, f.passages - plain.passages
            print(
                f"{trick.__name__:<14}{f.recall:>8.4f}{recall:>+8.4f}{f.passages:>10.4f}{passages:>+8.4f}{f.retention:>11.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
