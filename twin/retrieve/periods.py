"""Read the period out of a question, by rules.

In: a question and today's date. Out: two ISO dates, the second one exclusive. A number is a year only
where it stands like one: "in 2000 lines" asks for no year, nor does "how do I" ask for any.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

Period = tuple[str | None, str | None]
"""From (inclusive) and until (exclusive), as ISO dates; None leaves an end open."""

_NAMES = (
    ("january", "jan"),
    ("february", "feb"),
    ("march", "mar"),
    ("april", "apr"),
    ("may",),
    ("june", "jun"),
    ("july", "jul"),
    ("august", "aug"),
    ("september", "sept", "sep"),
    ("october", "oct"),
    ("november", "nov"),
    ("december", "dec"),
)
_MONTHS = {name: number for number, names in enumerate(_NAMES, start=1) for name in names}
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}

CLAUSE_GOES_ON = (
    r"(?=\s*(?:[,;:?!)\"”]|\.(?!\w)|$)|\s+(?:about|and|are|but|by|did|do|does|during|for|had|has|have"
    r"|how|I|in|is|of|on|onwards?|or|regarding|since|that|there|to|until|was|we|were|what|when|where"
    r"|which|who|why|with|you)\b)"
)
"""What may follow a year, a platform or a kind; before a noun it would only describe that."""

# Of several years in a row none is a period of its own.
_ALONE = r"(?!,? (?:and |or |vs\.? |versus )?(?:19|20)\d\d)"
_YEAR = r"(?:(?P<month{n}>{names})\.? (?:of )?)?(?P<year{n}>(?:19|20)\d\d)(?![\w-]|[.,]\d)"
_FIRST = _YEAR.format(n=1, names="|".join(_MONTHS))
_SECOND = _YEAR.format(n=2, names="|".join(_MONTHS))

# Of how something is done today; the year in it, if any, belongs to the task.
_HOW_TO = re.compile(
    r"^\W*(?:how|where) (?:do|can|could|should|would|might) (?:i|you|we|one)\b|^\W*how to\b"
)
_NOT = r"(?<!\bnot )(?<!\bexcept )(?<!\bthan )(?<!\bnever )"
_BETWEEN = re.compile(
    rf"\b{_NOT}(?:between|from) (?:{_FIRST}|(?P<opening>{'|'.join(_MONTHS)})\.?) "
    rf"(?:and|to|until|till) {_SECOND}{CLAUSE_GOES_ON}",
    re.IGNORECASE,
)
_RANGE = re.compile(
    rf"\b{_NOT}(?:in|during|from|between|over) (?P<year1>(?:19|20)\d\d) ?[-–—] ?"
    rf"(?P<year2>(?:19|20)\d\d){CLAUSE_GOES_ON}"
)
_ONE = re.compile(
    rf"\b{_NOT}(?P<how>in|during|throughout|since|from|before|until|till|after) "
    rf"(?:early |mid-?|late |the year )?{_FIRST}(?P<on> on(?:wards?)?\b| (?:to|until|till) (?:now|today)\b)?"
    rf"{_ALONE}(?! (?:to|until|till) [\d$]){CLAUSE_GOES_ON}",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:(?P<how>since|before|after|until|till) )?(?<!\bthe )(?P<which>last|this) "
    r"(?P<unit>year|month|week)\b"
)
_AGO = re.compile(
    r"\b(?:in|over|during|within) the (?:last|past) "
    rf"(?:(?P<count>\d{{1,2}}|{'|'.join(_NUMBERS)}) )?(?P<unit>year|month|week|day)s?\b(?! of\b)"
)


def read_period(question: str, today: date) -> Period:
    """Return the period that a question asks about.

    Args:
        question: as it was asked.
        today: what "last year" is counted from; a year after it is a prediction, not a period.
    """
    text = " ".join(question.lower().replace("’", "'").split())
    if _HOW_TO.search(text):
        return None, None
    if found := _BETWEEN.search(text):
        # "Between March and June 2021": the year stands once.
        first = (found["year1"] or found["year2"], found["month1"] or found["opening"])
        spans = [_span(*first), _span(found["year2"], found["month2"])]
        period: Period = (min(spans)[0], max(spans)[1])
    elif found := _RANGE.search(text):
        years = sorted((found["year1"], found["year2"]))
        period = (_span(years[0], None)[0], _span(years[1], None)[1])
    elif each := [_reached(found) for found in _ONE.finditer(text)]:
        period = _both(each)
    else:
        return _relative(text, today)
    ahead = any(end and int(end[:4]) > today.year + 1 for end in period)
    return (None, None) if ahead or (period[0] or "") > today.isoformat() else period


def _reached(found: re.Match[str]) -> Period:
    how = "since" if found["on"] else found["how"]
    return _reach(how, _span(found["year1"], found["month1"]))


def _both(each: Sequence[Period]) -> Period:
    """Return the first period, closed by a second one if each of them is open at another end."""
    (since, until), *others = each
    for start, end in others[:1]:
        if since is None and end is None and start and until and start < until:
            return start, until
        if until is None and start is None and end and since and since < end:
            return since, end
    return since, until


def _reach(how: str | None, span: tuple[str, str]) -> Period:
    """Return the period that a word like "since" makes of a year or a month."""
    start, end = span
    reaches: Mapping[str | None, Period] = {
        "since": (start, None),
        "after": (end, None),
        "before": (None, start),
        "until": (None, end),
        "till": (None, end),
    }
    return reaches.get(how, span)


def _relative(text: str, today: date) -> Period:
    this = today.year * 12 + today.month - 1
    if ago := _AGO.search(text):
        count = _NUMBERS.get(ago["count"]) or int(ago["count"] or 1)
        if ago["unit"] in {"week", "day"}:
            days = count * (7 if ago["unit"] == "week" else 1)
            return (today - timedelta(days=days)).isoformat(), None
        start, _ = _month_span(this - count * (12 if ago["unit"] == "year" else 1))
        return start, None
    if named := _NAMED.search(text):
        back = named["which"] == "last"
        if named["unit"] == "week":
            monday = today - timedelta(days=today.weekday() + 7 * back)
            after = monday + timedelta(days=7)
            return _reach(named["how"], (monday.isoformat(), after.isoformat()))
        span = _span(str(today.year - back), None) if named["unit"] == "year" else None
        return _reach(named["how"], span or _month_span(this - back))
    return None, None


def _span(year: str, month: str | None) -> tuple[str, str]:
    if month is None:
        return f"{year}-01-01", f"{int(year) + 1}-01-01"
    return _month_span(int(year) * 12 + _MONTHS[month] - 1)


def _month_span(month: int) -> tuple[str, str]:
    """Return the first day of a month, counted from year 0, and of the next."""
    start, end = divmod(month, 12), divmod(month + 1, 12)
    return f"{start[0]:04}-{start[1] + 1:02}-01", f"{end[0]:04}-{end[1] + 1:02}-01"
