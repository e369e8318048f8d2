"""Saved pages as the big sites make them, written for the tests: the same article, and a tail that has to go."""

BODY = (
    "编译器第一次报出这个警告的时候，我们以为是工具链升级带来的噪声，便把它加进了忽略清单。三个月以后，同一行代码在夜里的批处理中把内存吃光了。",
    "事情的起因很简单：一个本该在请求结束时释放的缓冲区，被闭包悄悄地引用着。请求量小的时候没有人注意到它，因为垃圾回收会在低峰期把它带走。",
    "定位的过程花了两天。第一天我们怀疑连接池，逐个关掉了服务；第二天才有人想到去看堆快照，里面有四十万个一模一样的对象，指向同一个处理函数。",
    "修复只有一行：把闭包里用到的字段先取出来，再传进去。真正难的是写一个能在测试里重现它的例子，最后我们用固定的随机种子和一个假的时钟做到了。",
    "从那以后，忽略清单里的每一条都要写上日期和名字，过期的自动变成错误。这个规矩听起来麻烦，半年里却替我们拦下了三次类似的事故。",
    "垃圾回收器并没有做错什么：从它的角度看，那四十万个对象都还有人引用。多留一个引用的是闭包，而闭包的生命周期又由一个全局的回调表决定，表里的条目直到进程退出才会删除。",
)
TAIL = (
    "扫描下方二维码添加小助手微信，备注“资料”，即可免费领取全套学习大礼包！",
    "觉得文章有用的话，欢迎点赞、收藏、关注，一键三连支持一下！",
)
QR = "https://img.example.cn/qr/assistant.png"


def wechat() -> str:
    paragraphs = [f'<section style="margin: 0px;"><span leaf="">{p}</span></section>' for p in BODY]
    picture = '<p><img class="rich_pages" data-src="https://img.example.cn/heap.png" data-ratio="0.5" alt="堆快照"></p>'
    body = "\n".join((*paragraphs[:3], picture, *paragraphs[3:]))
    tail = "\n".join(f'<p style="text-align: center;"><strong><span>{p}</span></strong></p>' for p in TAIL)
    return f"""<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>一行闭包</title><script>var biz = "<p>不是正文</p>";</script></head>
<body id="activity-detail"><div class="rich_media"><h1 class="rich_media_title" id="activity-name">一行闭包</h1>
<div class="rich_media_content" id="js_content" style="visibility: hidden; opacity: 0;">
{body}
<section><p><br></p></section>
{tail}
<p style="text-align: center;"><img class="rich_pages" data-src="{QR}" alt="扫码领取"></p>
</div></div><script>window.__done = true;</script></body></html>
"""


def csdn() -> str:
    paragraphs = "\n".join(f"<p>{p}</p>" for p in BODY)
    tail = "\n".join(f"<p>{p}</p>" for p in TAIL)
    return f"""<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>一行闭包-CSDN博客</title><style>p {{ color: #333 }}</style></head>
<body><nav><ul><li><a href="/">博客</a></li><li><a href="/d">下载</a></li></ul></nav>
<main><h1 class="title-article">一行闭包</h1>
<div id="article_content" class="article_content clearfix"><div id="content_views" class="htmledit_views">
{paragraphs}
<h2>最后的代码</h2>
<pre><code class="language-python">def handle(request):
    field = request.field  # 先取出来
    return lambda: use(field) &amp;&amp; "扫码领取"
</code></pre>
<table><thead><tr><th>版本</th><th>内存</th></tr></thead><tbody><tr><td>修复前</td><td>4.1 GB</td></tr>
<tr><td>修复后</td><td>310 MB</td></tr></tbody></table>
<ul><li>忽略清单要写日期</li><li>过期变成错误</li></ul>
<h2>写在最后</h2>
{tail}
<p><img src="{QR}" alt="扫码领取"></p>
</div></div></main>
<footer>京ICP备00000000号</footer></body></html>
"""


def cnblogs() -> str:
    """A post's body alone, as backups of blogs hold it: no html, no body; lines end with a return and a feed."""
    return "\r\n".join(
        ['<div id="cnblogs_post_body" class="blogpost-body">', *(f"<p>{p}</p>" for p in BODY)]
        + [f"<p>&nbsp;</p>\r\n<p>{p}</p>" for p in TAIL]
        + ["</div>", ""]
    )


def zhihu() -> str:
    paragraphs = "".join(f'<p data-pid="x">{p}</p>' for p in BODY)
    tail = "".join(f'<p data-pid="y">{p}</p>' for p in TAIL)
    return f"""<html lang="zh"><head><meta charset="utf-8"/><title>一行闭包 - 知乎</title></head><body>
<div id="root"><article class="Post-Main"><header><h1 class="Post-Title">一行闭包</h1></header>
<div class="Post-RichTextContainer"><div class="RichText ztext">{paragraphs}<p>复杂度是
<img src="https://img.example.cn/eq.svg" alt="O(n^2)" class="ee_img ztext-math" data-formula="O(n^2)" /> 。</p>
{tail}
</div></div></article><div class="Comments"><p>评论区</p></div></div></body></html>
"""


def portal() -> str:
    """A news portal of the old kind: layout in tables, paragraphs by line breaks, GB2312."""
    lines = "<br>\n<br>\n　　".join((*BODY, *TAIL))
    return f"""<html><head><META http-equiv=Content-Type content="text/html; charset=gb2312">
<TITLE>一行闭包_新闻</TITLE></head>
<BODY><TABLE width=960><TR><TD colspan=2><A href="/">首页</A> &gt; <A href="/tech">科技</A></TD></TR>
<TR><TD class=left><UL><LI><A href=1.html>旧闻一则</A><LI><A href=2.html>旧闻两则</A></UL></TD>
<TD class=article><DIV id=artibody>　　{lines}</DIV></TD></TR></TABLE></BODY></html>
"""


def malformed() -> str:
    """Tags that are never closed, closed twice, closed in the wrong order."""
    paragraphs = "\n".join(f"<p>{p}" for p in BODY)
    return f"""<div id=main><div class=post><b>{BODY[0]}</p></b></span>{paragraphs}
<ul><li>忽略清单要写日期<li>过期变成错误</ul><p>{TAIL[0]}<p><i>{TAIL[1]}</p></i></p>
</div></div></div></div></body><a href="x
"""


STYLES = {
    "wechat": wechat(),
    "csdn": csdn(),
    "cnblogs": cnblogs(),
    "zhihu": zhihu(),
    "portal": portal(),
    "malformed": malformed(),
}


def encoded(style: str) -> bytes:
    """The page as a file, in the encoding that it declares."""
    return STYLES[style].encode("gb2312" if style == "portal" else "utf-8")
