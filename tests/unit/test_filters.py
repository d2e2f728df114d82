"""What a question asks for besides its subject, and above all what it does not ask for."""

from dataclasses import replace
from datetime import date

import pytest

from twin.documents import Audience, Kind, author_slug
from twin.retrieve.filters import Found, read_filters
from twin.warehouse.protocol import Author

AUTHORS = (
    Author(slug="simon-willison", name="Simon Willison", aliases=("simonw",)),
    Author(slug="will-larson", name="Will Larson"),
    Author(slug="alex-kladov", name="Alex Kladov", aliases=("matklad", "pi")),
    Author(slug="may-chen", name="May Chen"),
    Author(slug="mark-stone", name="Mark Stone"),
    Author(slug="zoe-oneil", name="Zoë O’Neil"),
    Author(slug="ada", name="Ada"),
    Author(slug="lee-one", name="Lee One"),
    Author(slug="lee-two", name="Lee Two"),
)
PLATFORMS = ("code", "file", "github", "hacker-news", "mastodon", "medium", "web", "x")
TODAY = date(2026, 1, 10)
NOTHING = Found()

SIMON, WILL, ALEX, ADA = "simon-willison", "will-larson", "alex-kladov", "ada"


def resolve(name: str) -> str | None:
    names = {author_slug(n): a.slug for a in AUTHORS for n in (a.name, a.slug, *a.aliases)}
    return names.get(author_slug(name))


def read(question: str, authors: tuple[Author, ...] = AUTHORS, today: date = TODAY) -> Found:
    return read_filters(
        question, authors=authors, platforms=PLATFORMS, resolve=resolve, today=today
    )


@pytest.mark.parametrize(
    "question",
    [
        "How do I write a post-commit hook?",
        "Would I write it again?",
        "What is the code of conduct?",
        "What is in your code of conduct?",
        "Can it start in 30 seconds?",
        "What changed in the 2022 edition?",
        "What is new in the Rust 2021 edition?",
        "Will it scale?",
        "Will Python get faster? It will not.",
        "May I use it?",
        "What may go wrong in May?",
        "What did the March on Washington change?",
        "Does the deadline march on?",
        "How many threads, from 2 to 4?",
        "Mark all as read: how?",
        "How do I mark a test as slow?",
        "What is pi?",
        "Is simonwhatever a word, or Adamant, or Canada?",
        "Is Ada Lovelace mentioned?",
        "Why Ada-83 rather than C?",
        "Does Lee think so?",
        "Does Rust have closures?",
        "How does Python say hello?",
        "What does SQLite recommend for concurrency?",
        "According to Postgres docs, what is a snapshot?",
        "How do I find the bug in my code?",
        "What is slow in the code?",
        "What is wrong in the error message?",
        "Which words in your commit message matter?",
        "Is there a bug in your chat app?",
        "What was the structure of the repo?",
        "How do I search in my email?",
        "Why do people post on Mastodon?",
        "How do I deploy to GitHub?",
        "How do I clone from GitHub?",
        "What did you write on GitHub Actions?",
        "How do I sign in to my GitHub account?",
        "What works in medium sized teams?",
        "What stands on x axis?",
        "How do I crawl from the web?",
        "How many errors in 2000 lines?",
        "From 2000 to 3000 requests, what broke?",
        "How much is in 1999 bottles?",
        "What did you learn in 2022-23?",
        "Was it fast in 2019 or 2020?",
        "Does it listen on port 2020 since version 2021?",
        "What do you expect by 2030?",
        "What will we use after 2040?",
        "What happened between 2020 and 2050?",
        "Does ES2020 have it?",
        "How do I parse dates in 2022?",
        "What did you think when it was not in 2021?",
        "What did you write other than in 2021?",
        "What happened in the last week of the project?",
        "How do I select the rows of last year in SQL?",
        "What happened in the last year of Python 2?",
        "What was the last month about the migration?",
        "in March",
        "since May",
        "",
        "   ",
        "¿?",
    ],
)
def test_nothing_is_asked_for(question: str) -> None:
    assert read(question) == NOTHING


@pytest.mark.parametrize(
    ("question", "slugs"),
    [
        ("Does Simon recommend SQLite?", (SIMON,)),
        ("does simon recommend sqlite?", (SIMON,)),
        ("Simon on SQLite", (SIMON,)),
        ("What does simonw say about Datasette?", (SIMON,)),
        ("What does @simonw say?", (SIMON,)),
        ("what does simon  willison say?", (SIMON,)),
        ("What does Will think about hiring?", (WILL,)),
        ("Will it scale, according to Will?", (WILL,)),
        ("What is Will's view?", (WILL,)),
        ("What did May say in May?", ("may-chen",)),
        ("MARK STONE on tests", ("mark-stone",)),
        ("What does matklad think about fuzzing?", (ALEX,)),
        ("What about Alex’s views?", (ALEX,)),
        ("What does Zoe O'Neil say?", ("zoe-oneil",)),
        ("What does Zoë O’Neil say?", ("zoe-oneil",)),
        ("What does Lee Two think?", ("lee-two",)),
        ("What about Ada?", (ADA,)),
        ("According to Ada, what is life?", (ADA,)),
        ("Where do Ada and Simon differ?", (SIMON, ADA)),
        ("What was written by Will?", (WILL,)),
    ],
)
def test_authors(question: str, slugs: tuple[str, ...]) -> None:
    found = read(question)
    assert sorted(found.authors) == sorted(slugs)
    assert replace(found, authors=()) == NOTHING


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What does Grace Hopper think about compilers?", "Grace Hopper"),
        ("What did Grace think about compilers?", "Grace"),
        ("According to Grace Hopper, what is a bug?", "Grace Hopper"),
        ("What was written by Grace?", "Grace"),
        ("What does Simon Peyton Jones say about laziness?", "Simon Peyton Jones"),
        ("How did Paul Simon write songs?", "Paul Simon"),
    ],
)
def test_an_unknown_author_widens_with_a_note(question: str, name: str) -> None:
    assert read(question) == NOTHING.noting(f"nobody here is called {name}: everyone was searched")


def test_of_a_single_author_everything_is_theirs() -> None:
    alone = AUTHORS[:1]
    assert read("What does Simon think?", alone) == NOTHING
    assert read("What does simonw think?", alone) == NOTHING
    assert "Grace" in read("What does Grace think?", alone).notes[0]
    assert read("What does Nobody think?", ()).authors == ()


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("What did you write in your essays about tests?", (Kind.ARTICLE,)),
        ("in your blog posts, what is said of tests?", (Kind.ARTICLE,)),
        ("What is the best of your notes?", (Kind.ARTICLE,)),
        ("In which article do you explain it?", (Kind.ARTICLE,)),
        ("Is it in my old notes?", (Kind.ARTICLE,)),
        # "Posts" is what most people call the articles of a blog.
        ("What did you say in your posts?", (Kind.ARTICLE, Kind.POST)),
        ("What did you say in your tweets?", (Kind.POST,)),
        ("What stands in Ada's updates?", (Kind.POST,)),
        ("Where in your code do you parse dates?", (Kind.CODE,)),
        ("Do you use it in your repos?", (Kind.CODE,)),
        ("Did we speak of it in our chats?", (Kind.MESSAGE,)),
        ("What was agreed in any messages?", (Kind.MESSAGE,)),
        ("Is it in my e-mails?", (Kind.MESSAGE,)),
    ],
)
def test_kinds(question: str, kinds: tuple[Kind, ...]) -> None:
    assert read(question).kinds == kinds


@pytest.mark.parametrize(
    ("question", "platforms"),
    [
        ("What do you say on mastodon about trains?", ("mastodon",)),
        ("What did you write on Hacker News?", ("hacker-news",)),
        ("What have you posted to Mastodon?", ("mastodon",)),
        ("What did I post on X?", ("x",)),
        ("Your posts on Mastodon about trains", ("mastodon",)),
        ("What is said in your GitHub repos?", ("github",)),
        ("What did Ada share on Medium or Mastodon?", ("mastodon", "medium")),
        ("What did you say on Facebook?", ()),
    ],
)
def test_platforms(question: str, platforms: tuple[str, ...]) -> None:
    assert read(question).platforms == platforms


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("What did you write in 2022?", "2022-01-01", "2023-01-01"),
        ("What did you think in early 2022 about Rust?", "2022-01-01", "2023-01-01"),
        ("your notes from 2021", "2021-01-01", "2022-01-01"),
        ("your notes from 2021 on", "2021-01-01", None),
        ("your notes from 2021 until today", "2021-01-01", None),
        ("What changed between 2019 and 2021?", "2019-01-01", "2022-01-01"),
        ("What changed between 2021 and 2019?", "2019-01-01", "2022-01-01"),
        ("What changed from 2019 to 2021?", "2019-01-01", "2022-01-01"),
        ("And between 2020 and 2020?", "2020-01-01", "2021-01-01"),
        ("from March 2019 to May 2020", "2019-03-01", "2020-06-01"),
        ("between March 2019 and 2021", "2019-03-01", "2022-01-01"),
        ("since 2020", "2020-01-01", None),
        ("since March 2021", "2021-03-01", None),
        ("before 2020", None, "2020-01-01"),
        ("after 2020", "2021-01-01", None),
        ("after December 2020", "2021-01-01", None),
        ("until 2020", None, "2021-01-01"),
        ("in january 2022", "2022-01-01", "2022-02-01"),
        ("in Dec. 2021", "2021-12-01", "2022-01-01"),
        ("in march of 2021", "2021-03-01", "2021-04-01"),
        ("What did you say in 2021 about 2019?", "2021-01-01", "2022-01-01"),
        ("What did you do in 2026?", "2026-01-01", "2027-01-01"),
        ("last year", "2025-01-01", "2026-01-01"),
        ("Are last year’s notes true?", "2025-01-01", "2026-01-01"),
        ("since last year", "2025-01-01", None),
        ("before last year", None, "2025-01-01"),
        ("this year", "2026-01-01", "2027-01-01"),
        ("last month", "2025-12-01", "2026-01-01"),
        ("this month", "2026-01-01", "2026-02-01"),
        ("in the past three months", "2025-10-01", None),
        ("over the past 2 years", "2024-01-01", None),
        ("in the last year", "2025-01-01", None),
        ("within the last month", "2025-12-01", None),
        ("in the last 12 months", "2025-01-01", None),
        ("between March and June 2021", "2021-03-01", "2021-07-01"),
        ("What changed in 2019-2021?", "2019-01-01", "2022-01-01"),
        ("your notes from 2021 – 2019", "2019-01-01", "2022-01-01"),
        ("What did you write since 2019 but before 2022?", "2019-01-01", "2022-01-01"),
        ("before 2020 and after 2015", "2016-01-01", "2020-01-01"),
        ("since 2022, not before 2020", "2022-01-01", None),
        ("since 2022 and before 2020", "2022-01-01", None),
        ("What did you write last week?", "2025-12-29", "2026-01-05"),
        ("this week", "2026-01-05", "2026-01-12"),
        ("since last week", "2025-12-29", None),
        ("in the last two weeks", "2025-12-27", None),
        ("over the past 10 days", "2025-12-31", None),
    ],
)
def test_periods(question: str, since: str | None, until: str | None) -> None:
    assert read(question) == Found(since=since, until=until)


@pytest.mark.parametrize(
    ("today", "question", "period"),
    [
        (date(2025, 12, 31), "last month", ("2025-11-01", "2025-12-01")),
        (date(2025, 12, 31), "this month", ("2025-12-01", "2026-01-01")),
        (date(2026, 1, 1), "last month", ("2025-12-01", "2026-01-01")),
        (date(2026, 1, 1), "in the past two months", ("2025-11-01", None)),
        (date(2024, 2, 29), "in the past two years", ("2022-02-01", None)),
        (date(2024, 2, 29), "last year", ("2023-01-01", "2024-01-01")),
    ],
)
def test_periods_at_the_turn_of_the_year(
    today: date, question: str, period: tuple[str | None, str | None]
) -> None:
    found = read(question, today=today)
    assert (found.since, found.until) == period


def test_everything_at_once() -> None:
    found = read("What did Simon post on Mastodon in 2023, in his toots?")
    assert found == Found(
        authors=(SIMON,),
        kinds=(Kind.POST,),
        platforms=("mastodon",),
        since="2023-01-01",
        until="2024-01-01",
    )
    filters = found.filters(Audience.FRIENDS)
    assert (filters.since, filters.until) == (1672531200, 1704067200)
    assert filters.audience is Audience.FRIENDS
    assert not NOTHING.filters(Audience.PUBLIC).narrowed


def test_what_somebody_chose_narrows_what_the_question_states() -> None:
    stated = Found(authors=("ada", "bob"), since="2021-01-01", until="2023-01-01")
    chosen = Found(authors=("bob",), kinds=(Kind.POST,), since="2022-01-01")
    both = stated.within(chosen)
    assert (both.authors, both.kinds) == (("bob",), (Kind.POST,))
    assert (both.since, both.until) == ("2022-01-01", "2023-01-01")
    assert both.notes == ()


def test_where_they_exclude_each_other_the_chosen_ones_win_with_a_note() -> None:
    stated = Found(kinds=(Kind.ARTICLE,), since="2020-01-01", until="2021-01-01")
    both = stated.within(Found(kinds=(Kind.POST,), since="2022-01-01"))
    assert (both.kinds, both.since, both.until) == ((Kind.POST,), "2022-01-01", None)
    assert len(both.notes) == 2


@pytest.mark.parametrize(
    "question",
    [
        "What did @tide_watcher write about locks?",
        "what does tide_watcher say about locks?",
        "What does Odile Prévost say about locks?",
    ],
)
def test_a_handle_finds_whose_it_is_with_its_sign_and_without(question: str) -> None:
    odile = Author(slug="odile-prevost", name="Odile Prévost", aliases=("@tide_watcher",))
    assert read(question, (*AUTHORS, odile)).authors == ("odile-prevost",)
