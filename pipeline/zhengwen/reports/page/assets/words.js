// What the page says, in both languages.
const WORDS = {
  zh: {
    overview: "总览", articles: "文章", lines: "重复段落",
    save: n => n ? `保存修正（${n} 篇）` : "保存修正", other: "English", theme: "切换深浅色", help: "帮助",
    promotion: "推广", engagement: "互动", notice: "声明", navigation: "导航", content: "正文",
    removed: "已删除", kept: "保留", doubtful: "存疑，已保留", restored: "改为正文", corrected: "已修正",
    articlesCount: "文章", changedCount: "有删除的文章", removedShare: "删除的字符", passagesCount: "删除的段落",
    copiesCount: "重复文章", advertsCount: "整篇广告", faultsCount: "未能处理",
    byKind: "各类删除内容占全部字符的比例", bySite: "各来源的删除比例", byScore: "已删除段落的得分分布", byLoss: "文章被删去的比例",
    scoreAxis: "得分（是样板内容的概率）", passagesAxis: "段落数", noSite: "（未知来源）", passages: n => `${n} 段`,
    characters: n => `${n} 字`, ofArticles: n => `${n} 篇`,
    status: "状态", site: "来源", doubt: "不确定", order: "排序", search: "搜索标题、路径与正文", any: "全部",
    below90: "有低于 0.90 的段落", below70: "有低于 0.70 的段落", hasDoubts: "有存疑的保留段落", hasKept: "有已识别但未删的段落",
    onlyCorrected: "已修正", byPath: "按路径", byRemoved: "删除最多在前", byUncertain: "最不确定在前",
    "unchanged": "未改动", "cleaned": "已清洗", "advert left out": "整篇广告（已剔除）", "advert kept": "整篇广告（已保留）",
    "duplicate left out": "重复（已剔除）", "not readable": "无法读取", "refused": "未处理", "checked": "已检查",
    found: (n, all) => `${n} / ${all} 篇`, searching: part => `正在搜索正文… ${part}%`, nothing: "没有符合条件的文章",
    choose: "从左侧选择一篇文章，或按 n", untitled: "（无标题）", back: "返回列表",
    uncertain: n => `约 ${n} 处判断可能有误`, noText: "本页未收入这篇文章的全文（生成时加 --texts all），因此只列出被删除的段落，也不能修正。",
    noTextAll: "这篇文章的文本不可用。", reasons: "依据", score: "得分", copyOf: "重复，保留的是", likeness: (r, j, c) => `${r}，Jaccard ${j}，包含度 ${c}`,
    exact: "完全相同", near: "近似", contained: "被包含", copy: "剔除的副本", keeper: "保留的文章", goKeeper: "查看保留的文章",
    stranger: k => `保留的是 ${k}，它不在本页。`, label: "标为", undo: "撤销", right: "确认无误", rightHint: "整篇标注正确，一并保存",
    line: "段落", inArticles: "出现篇数", taken: "被删除", example: "示例", linesIntro: "在三篇及以上文章中出现的行。点击一行，列出含有它的文章。",
    noLines: "没有在三篇以上文章中重复的行。",
    embedded: (n, all) => `本页收入 ${n} / ${all} 篇文章的全文`, embeddedChanged: "（有删除、存疑、重复或整篇广告的文章；--texts all 收入全部）",
    embeddedRest: "其余文章只列出被删除的段落。", unscored: "保留的段落未重新评分，因此看不到差点被删的内容。",
    unselected: kinds => `本次未检查：${kinds}。保存修正前请自行标出这些段落，否则训练时会当作正文。`,
    faults: "未能处理的输入", saved: n => `已下载 ${n} 篇修正`, nothingToSave: "还没有修正", undone: "已撤销", labelled: kind => `已标为${kind}`,
    confirmed: "已确认", kept2: "未保存的修正会留在本浏览器中", notKept: "此浏览器不允许本页存储：离开前请保存修正。", unreadable: "本页数据已损坏，无法读取这篇文章。",
    keysTitle: "键盘", close: "关闭",
    keys: [["j / k", "下一个 / 上一个标记段落"], ["↓ / ↑", "下一行 / 上一行（加 Shift 扩展）"], ["1 2 3 4", "标为推广、互动、声明、导航"], ["0", "标为正文"],
      ["u", "撤销"], ["y", "确认整篇无误"], ["n / p", "下一篇 / 上一篇"], ["s", "保存修正"], ["/", "搜索"], ["o a r", "总览、文章、重复段落"], ["t", "深浅色"], ["l", "语言"], ["?", "本帮助"]],
    mouse: "点击一个段落或行，或拖选一段文字，再按数字键或点下方按钮。",
  },
  en: {
    overview: "Overview", articles: "Articles", lines: "Repeated lines",
    save: n => n ? `Save corrections (${n})` : "Save corrections", other: "中文", theme: "Light or dark", help: "Help",
    promotion: "Promotion", engagement: "Engagement", notice: "Notice", navigation: "Navigation", content: "Content",
    removed: "removed", kept: "kept", doubtful: "in doubt, kept", restored: "now content", corrected: "corrected",
    articlesCount: "articles", changedCount: "articles that lost something", removedShare: "of all characters removed", passagesCount: "passages removed",
    copiesCount: "copies", advertsCount: "whole adverts", faultsCount: "could not be done",
    byKind: "Removed share of all characters, by kind", bySite: "Removed share, by site", byScore: "Scores of removed passages", byLoss: "How much of an article went",
    scoreAxis: "score: probability of boilerplate", passagesAxis: "passages", noSite: "(no site)", passages: n => n === "1" ? "1 passage" : `${n} passages`,
    characters: n => `${n} characters`, ofArticles: n => n === "1" ? "1 article" : `${n} articles`,
    status: "Status", site: "Site", doubt: "Uncertainty", order: "Order", search: "Search titles, paths and texts", any: "all",
    below90: "has a passage below 0.90", below70: "has a passage below 0.70", hasDoubts: "has kept passages in doubt", hasKept: "has passages found but kept",
    onlyCorrected: "corrected", byPath: "by path", byRemoved: "most removed first", byUncertain: "most uncertain first",
    "unchanged": "unchanged", "cleaned": "cleaned", "advert left out": "advert, left out", "advert kept": "advert, kept",
    "duplicate left out": "copy, left out", "not readable": "not readable", "refused": "refused", "checked": "checked",
    found: (n, all) => `${n} of ${all} articles`, searching: part => `searching the texts… ${part}%`, nothing: "No article is left by these filters.",
    choose: "Choose an article on the left, or press n.", untitled: "(untitled)", back: "Back to the list",
    uncertain: n => `about ${n} decisions may be wrong`, noText: "The whole text of this article is not in this page (--texts all puts it in), so only the removed passages are shown, and nothing can be corrected.",
    noTextAll: "The text of this article is not at hand.", reasons: "Because of", score: "Score", copyOf: "A copy; kept instead:", likeness: (r, j, c) => `${r}, Jaccard ${j}, containment ${c}`,
    exact: "exact", near: "near", contained: "contained", copy: "Copy, left out", keeper: "Kept article", goKeeper: "Go to the kept article",
    stranger: k => `Kept instead: ${k}, which is not in this page.`, label: "Label as", undo: "Undo", right: "Looks right", rightHint: "Every label of this article is right; save it too",
    line: "Line", inArticles: "Articles", taken: "Removed", example: "For example", linesIntro: "Lines that three articles and more carry. Choose one to see the articles that hold it.",
    noLines: "No line stands in three articles or more.",
    embedded: (n, all) => `This page holds the whole text of ${n} of ${all} articles`, embeddedChanged: " (those that lost something, are in doubt, are copies or adverts; --texts all takes all)",
    embeddedRest: "Of the others it holds the removed passages.", unscored: "Kept passages were not scored again, so what was nearly removed does not show.",
    unselected: kinds => `Not looked for: ${kinds}. Mark such passages yourself before you save, or training takes them for content.`,
    faults: "Inputs that could not be done", saved: n => n === "1" ? "1 corrected article downloaded" : `${n} corrected articles downloaded`, nothingToSave: "Nothing is corrected yet", undone: "Undone", labelled: kind => `Labelled as ${kind.toLowerCase()}`,
    confirmed: "Confirmed", kept2: "Unsaved corrections stay in this browser", notKept: "This browser lets the page store nothing: save your corrections before you leave.", unreadable: "The data of this page are damaged; this article cannot be read.",
    keysTitle: "Keyboard", close: "Close",
    keys: [["j / k", "next / previous marked passage"], ["↓ / ↑", "next / previous line (with Shift: extend)"], ["1 2 3 4", "label as promotion, engagement, notice, navigation"], ["0", "label as content"],
      ["u", "undo"], ["y", "the whole article is right"], ["n / p", "next / previous article"], ["s", "save corrections"], ["/", "search"], ["o a r", "overview, articles, repeated lines"], ["t", "light or dark"], ["l", "language"], ["?", "this help"]],
    mouse: "Choose a passage or line with a click, or drag over some text; then press a number or a button below.",
  },
};
// The same where passages were found by `check` and nothing was removed.
const FOUND = {
  zh: {
    removed: "命中", changedCount: "有命中的文章", removedShare: "命中的字符", passagesCount: "命中的段落", byKind: "各类命中内容占全部字符的比例", bySite: "各来源的命中比例",
    byScore: "命中段落的得分分布", byLoss: "文章命中的比例", byRemoved: "命中最多在前", taken: "命中", embeddedChanged: "（有命中的文章）", embeddedRest: "其余文章没有命中，或只列出命中的段落。",
    noText: "本页未收入这篇文章的全文，因此不能修正。", unscored: "未命中的段落不在评分之列。",
  },
  en: {
    removed: "found", changedCount: "articles with findings", removedShare: "of all characters found", passagesCount: "passages found", byKind: "Found share of all characters, by kind", bySite: "Found share, by site",
    byScore: "Scores of passages found", byLoss: "How much of an article was found", byRemoved: "most found first", taken: "Found", embeddedChanged: " (those with findings)", embeddedRest: "Of the others it holds the passages found, if any.",
    noText: "The whole text of this article is not in this page, so nothing can be corrected.", unscored: "What was not found has no scores here.",
  },
};
let language = "en";
function say(key, ...values) {
  const found = (data.checked && FOUND[language][key]) || WORDS[language][key];
  return typeof found === "function" ? found(...values) : found === undefined ? key : found;
}
function count(n) { return n.toLocaleString(language === "zh" ? "zh-CN" : "en"); }
/** As `check` shows a score: never above what it is. */
function graded(score) { return (Math.floor(Math.round(score * 10000) / 100) / 100).toFixed(2); }
function percent(part) { return `${(100 * part).toFixed(part && part < 0.0995 ? 2 : 1)}%`; }
