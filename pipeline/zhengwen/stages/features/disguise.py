"""Sees through disguise, for features only: words of the trade in other characters, or with something between.

Who fears a filter writes v信, 公🐷号, 微.信, 二维馬, ➕群. Every form below is rewritten to the word it stands for, and
a sign between two characters of such a word, or one that returns after each single character (关-注-公-众-号), says
nothing. Width, case, traditional forms and what is invisible are folded before (`zhengwen.stages.features.codes`).

The bulk of a batch costs one table lookup a character; everything else is done at the few places that it names.
"""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Flags, Ints

Characters = NDArray[np.uint32]

_DROPPED = 0
_FORMS = {
    "微信": "v信 薇信 徽信 葳信 嶶信 溦信 薇芯 v芯 wei信 微xin 微❤ 薇❤ v❤ 威❤",
    "公众号": "公仲号 公重号 公种号 公纵号 公粽号 公中号 公终号 公忠号 工众号 宫众号 恭众号 公猪号 公🐷号 gong众号 "
    "公zhong号 公众hao 公众浩 公众耗",
    "关注": "关zhu guan注 关蛀",
    "二维码": "二v码 0v码 0维码 二维马 二维玛 二唯码 二惟码 二微码 二为码 二围码 二wei码 er维码",
    "扫码": "扫玛 sao码 扫ma",
    "qq": "扣扣",
    "qq号": "企鹅号",
    "qq群": "q裙群",
    "q号": "🐧号",
    "q群": "🐧群 扣群 q裙",
    "进群": "进裙 进君羊",
    "入群": "入裙 入君羊",
    "加群": "加君羊",
    "免费": "免fei mian费 免沸 免💰",
    "领取": "领qu ling取 领娶",
    "私信": "私芯 si信 私❤",
    "点赞": "点zan 点👍",
    "资料": "资liao zi料 姿料",
    "福利": "福li fu利",
    "红包": "红bao hong包",
    "优惠券": "优惠卷 优惠劵",
    "星球": "🌟球 ⭐球 xing球",
    "淘宝": "tao宝 掏宝 桃宝",
    "抖音": "dou音 抖yin",
}
"""Words and the forms that are no words themselves, so that they never mean anything else."""
_DOUBTFUL = {
    "威信": ("微信", "+加➕添我者", ":0号群我搜"),
    "维信": ("微信", "+加➕添我者", ":0号群我搜"),
    "微心": ("微信", "+加➕添我", ":0号群搜"),
    "关住": ("关注", "", "我公"),
    "关主": ("关注", "击", "我公"),
    "裙号": ("群号", "q扣", ":0"),
    "企鹅群": ("qq群", "加进入", ":0号"),
    "公主号": ("公众号", "注微信", "搜"),
    "加v": ("加微", "", ":0号我领拉备获"),
    "加薇": ("加微", "", ":0号我领拉备获"),
    "加威": ("加微", "", ":0号我领拉备获"),
}
"""Forms that also are words or names: their word, and the characters before or after one of which they stand for it."""
_PLUS = {f"➕{c}": f"加{c}" for c in "vwq微薇威徽我扣群企好关小公入裙🐧"}
_TRADE = (
    "加微信 微信群 微信号 加群 进群 入群 扫码 扫描 扫一扫 识别 长按 订阅 收藏 转发 在看 评论区 小程序 知识星球 小助手 "
    "名额 限时 报名 添加 好友 客服 返利 回复 关键词 购买 下单 抢购 秒杀 加v 加q 一键三连 三连 免费领 福利群 "
    "优惠 折扣 代理 招聘 内推"
)
"""Words that are written with signs between their characters, beside those above."""
_SIGNS = ".·•・-_*~^+=|/\\`'\"°()[]{}【】「」『』<>"
_SYMBOLS = ((0x2190, 0x2C00), (0x20D0, 0x2100), (0x1F000, 0x1FC00))
_LATIN = "abcdefghijklmnopqrstuvwxyz0"
_HAN = (0x3400, 0xA000)
_FAR = 16
"""Characters that are stepped over in search of the next one that counts."""
_PLUS_SIGN = ord("➕")
_BITS = np.uint64(21)
_HEAD, _SIGN, _LATIN_HEAD = 1, 2, 4
_ASCII = 0x80
_LEAST = 2


_CERTAIN = {form: word for word, forms in _FORMS.items() for form in forms.split()} | _PLUS
_WORD_OF = _CERTAIN | {form: word for form, (word, _, _) in _DOUBTFUL.items()}
_LONGEST = max(map(len, _WORD_OF))


def _key(characters: str) -> int:
    """One number for one to three characters."""
    number = 0
    for c in characters:
        number = number << int(_BITS) | ord(c)
    return number


def _keys(groups: Iterable[str]) -> NDArray[np.uint64]:
    return np.array(sorted({_key(g) for g in groups}), np.uint64)


def _letters(form: str) -> int:
    """Number of Latin letters and digits that a form begins with, less the last of them."""
    return max(len(form) - len(form.lstrip(_LATIN)) - 1, 0)


def _begins() -> dict[int, list[str]]:
    """The forms, the longest first, by key of their first two characters; of Latin letters before, only the last."""
    found: dict[int, list[str]] = {}
    for form in sorted(_WORD_OF, key=len, reverse=True):
        found.setdefault(_key(form[_letters(form) :][:2]), []).append(form)
    return found


def _classes() -> NDArray[np.uint8]:
    table = np.zeros(0x1FC01, np.uint8)
    for low, high in _SYMBOLS:
        table[low:high] = _SIGN
    table[[*map(ord, _SIGNS)]] = _SIGN
    for form in _WORD_OF:
        code = ord(form[_letters(form)])
        table[code] |= _HEAD if code >= _ASCII else _LATIN_HEAD
    return table


_BEGINS = _begins()
_RESTS = {form[_letters(form) :] for form in _WORD_OF}
_FIRST_TWO, _FIRST_THREE = _keys(r[:2] for r in _RESTS), _keys(r[:3] for r in _RESTS if len(r) > 2)
_WHOLE = _keys(r for r in _RESTS if len(r) == 2)
_INSIDE = _keys(a + b for word in [*_FORMS, *_CERTAIN, *_TRADE.split()] for a, b in pairwise(word))
_CLASSES = _classes()


def reveal(folded: Characters, raw: Characters, bounds: Ints) -> None:
    """Rewrites folded codes in place; ``bounds`` (texts + 1,) are the places at which texts begin.

    What is found lies within a line, so no text changes another one's codes.
    """
    if len(folded) < _LEAST:
        return
    classes = _CLASSES.take(folded, mode="clip")
    line = _Lines(folded, raw, bounds)
    heads = _heads(folded, classes)
    _rewrite(line, heads[folded[heads] == _PLUS_SIGN])
    _rewrite(line, heads)
    dropped = _interposed(line, np.flatnonzero((classes & _SIGN) > 0), classes)
    if len(dropped):
        folded[dropped] = _DROPPED
        near = np.append(dropped, len(folded) + _FAR)[np.searchsorted(dropped, heads)]
        _rewrite(line, heads[near - heads < _FAR])


def _heads(folded: Characters, classes: NDArray[np.uint8]) -> Ints:
    """Where a form may begin; of Latin letters, only those right before another script."""
    wide = folded >= _ASCII
    edges = np.flatnonzero(wide[1:] > wide[:-1])
    latin = edges[(classes[edges] & _LATIN_HEAD) > 0]
    return np.sort(np.concatenate((np.flatnonzero((classes & _HEAD) > 0), latin)))


class _Lines:
    """Steps from character to character of a line, over those that say nothing."""

    def __init__(self, folded: Characters, raw: Characters, bounds: Ints) -> None:
        self.folded, self.raw, self.bounds = folded, raw, bounds

    def beyond(self, places: Ints, step: int, classes: NDArray[np.uint8] | None = None) -> Ints:
        """The next place in the direction of ``step`` that is not dropped (nor a sign, if classes are given); the
        place itself if the line or its text ends first, or if nothing comes near enough."""
        out = places.copy()
        open_ = np.arange(len(places))
        at = places
        for _ in range(_FAR):
            at = at + step
            inside = (at >= 0) & (at < len(self.folded))
            at, open_ = at[inside], open_[inside]
            codes = self.folded[at]
            silent = codes == _DROPPED
            if classes is not None:
                silent |= (classes[at] & _SIGN) > 0
            out[open_[~silent]] = at[~silent]
            raw = self.raw[at]
            silent &= (raw != 10) & (raw != 13)
            at, open_ = at[silent], open_[silent]
            if not len(at):
                break
        strange = np.searchsorted(self.bounds, out, side="right") != np.searchsorted(self.bounds, places, side="right")
        return np.where(strange, places, out)

    def run(self, head: int, most: int) -> list[int]:
        """The head and the places after it, at most so many, that are not dropped, to the end of the line."""
        end = int(self.bounds[np.searchsorted(self.bounds, head, side="right")])
        stop = min(head + most * _FAR, end)
        places: list[int] = []
        codes = zip(self.folded[head:stop].tolist(), self.raw[head:stop].tolist(), strict=True)
        for at, (code, raw) in enumerate(codes, head):
            if raw in (10, 13) or len(places) == most:
                break
            if code != _DROPPED:
                places.append(at)
        return places


def _joined(keys: NDArray[np.uint64], codes: Characters) -> NDArray[np.uint64]:
    """`_key` of the keys' characters and one more."""
    longer: NDArray[np.uint64] = keys << _BITS | codes
    return longer


def _among(keys: NDArray[np.uint64], known: NDArray[np.uint64]) -> Flags:
    found: Flags = known[np.minimum(np.searchsorted(known, keys), len(known) - 1)] == keys
    return found


def _rewrite(line: _Lines, heads: Ints) -> None:
    """Forms that begin at one of the heads become the words they stand for."""
    seconds = line.beyond(heads, 1)
    keys = _joined(line.folded[heads].astype(np.uint64), line.folded[seconds])
    hits = np.flatnonzero(_among(keys, _FIRST_TWO) & (seconds != heads))
    heads, seconds, keys = heads[hits], seconds[hits], keys[hits]
    longer = _joined(keys, line.folded[line.beyond(seconds, 1)])
    hits = np.flatnonzero(_among(keys, _WHOLE) | _among(longer, _FIRST_THREE))
    for head, key in zip(heads[hits].tolist(), keys[hits].tolist(), strict=True):
        _rewrite_one(line, head, _BEGINS[key])


def _rewrite_one(line: _Lines, head: int, forms: list[str]) -> None:
    places = line.run(head, _LONGEST + 1)
    text = "".join(map(chr, line.folded[places].tolist()))
    for form in forms:
        lead = _letters(form)
        rest = form[lead:]
        if not text.startswith(rest) or not _preceded(line, head, form[:lead]):
            continue
        if _meant(line, form, head, text[len(rest) : len(rest) + 1]):
            word = [*map(ord, _WORD_OF[form])]
            line.folded[[*range(head - lead, head), *places[: len(rest)]]] = word + [_DROPPED] * (len(form) - len(word))
            return


def _preceded(line: _Lines, head: int, letters: str) -> bool:
    """Whether these letters, and no other one, stand right before the head."""
    if not letters:
        return True
    start = head - len(letters)
    before = line.folded[max(start - 1, 0) : head].tolist()
    return before[-len(letters) :] == [*map(ord, letters)] and not (start > 0 and chr(before[0]) in _LATIN)


def _meant(line: _Lines, form: str, head: int, after: str) -> bool:
    """Whether a form that may be a word of its own stands for the other one."""
    if form in _CERTAIN:
        return True
    _, before_it, after_it = _DOUBTFUL[form]
    previous = int(line.beyond(np.array([head]), -1)[0])
    before = chr(int(line.folded[previous])) if previous != head else ""
    return bool((before and before in before_it) or (after and after in after_it))


def _interposed(line: _Lines, signs: Ints, classes: NDArray[np.uint8]) -> Ints:
    """Signs inside of a word of the trade, and signs that return after each single character."""
    folded = line.folded
    before, after = folded[np.maximum(signs - 1, 0)], folded[np.minimum(signs + 1, len(folded) - 1)]
    wide, silent = [codes >= _ASCII for codes in (before, after)], [codes == _DROPPED for codes in (before, after)]
    signs = signs[(wide[0] & (wide[1] | silent[1])) | (silent[0] & wide[1])]
    left, right = line.beyond(signs, -1, classes), line.beyond(signs, 1, classes)
    inner = (left != signs) & (right != signs)
    signs, left, right = signs[inner], left[inner], right[inner]
    inside = _among(_joined(folded[left].astype(np.uint64), folded[right]), _INSIDE)
    han = _is_han(folded[left]) & _is_han(folded[right])
    once = (right - left == 2) & han
    again = np.zeros(len(signs), np.bool_)
    again[1:] = once[1:] & once[:-1] & (left[1:] == right[:-1]) & (folded[signs[1:]] == folded[signs[:-1]])
    again[:-1] |= again[1:]
    return signs[inside | again]


def _is_han(codes: Characters) -> Flags:
    han: Flags = (codes >= _HAN[0]) & (codes < _HAN[1])
    return han
