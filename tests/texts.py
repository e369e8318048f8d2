"""Texts for properties: arbitrary ones, and ones dense with Markdown and boilerplate."""

from hypothesis import strategies as st

PIECES = (
    "# 标题\n", "## 写在最后\n", "标题\n====\n", "副标题\n---\n", "---\n", "***\n", "\n", "\n\n", "  \n", "\r\n", "\r",
    "正文一句话，说明了一个道理。", "这是另一句比较长的话，用来让这一行超过四十个字符，从而在句号处被切开。后面还有半句！\n",
    "扫码关注公众号，回复“资料”免费领取学习大礼包。\n", "点赞收藏加关注，一键三连！\n", "版权声明：本文为博主原创，转载请注明出处。\n",
    "![二维码](https://img.example.cn/qr.png)\n", "上一篇：没有了\n", "阅读 1.2k · 评论 3\n",
    "```python\nprint('扫码领取')\n```\n", "```\n没有关上的围栏\n", "~~~\n波浪\n~~~\n", "$$\nx^2\n$$\n", "$$x$$\n",
    "| 甲 | 乙 |\n| --- | --- |\n| 一 | 扫码领取 |\n| 二 | 2 |\n", "| 只有一行 |\n", "> 引用一句\n> 加我微信领取优惠券\n", "> \n",
    "- 项目一\n- 加群领取\n  - 子项\n", "1. 第一\n2. 第二\n", "    缩进的代码\n", "<div>\n<p>关注我们</p>\n</div>\n", "<br>", "<!-- 注释 -->\n",
    "**粗体。还是粗体！**", "[链接。文字](https://a.example/b)", "`代码。`", "😀👇", "\u3000\u3000", "\ufeff", "\u200b", "点 赞 关 注\n",
    "---\ntitle: 题\n---\n", "+++\nt = 1\n+++\n",
)  # fmt: skip

_character = st.characters(exclude_categories=("Cs",))
any_text = st.text(_character, max_size=200)
article_text = st.lists(st.one_of(st.sampled_from(PIECES), st.text(_character, max_size=12)), max_size=30).map("".join)
text = st.one_of(article_text, any_text)
