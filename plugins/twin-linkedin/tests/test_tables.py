"""LinkedIn's odd tables."""

from __future__ import annotations

import pytest

from twin_linkedin.addresses import comment_number, post_address
from twin_linkedin.tables import read_table, unwrapped
from twin_linkedin.writing import hashtags, moment


def messages(text: str) -> list[str | None]:
    return [line.values and line.values["message"] for line in read_table(text, "Message")]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("One line.", "One line."),
        ('He said "no".', 'He said "no".'),
        ('"All of it is quoted."', '"All of it is quoted."'),
        # Line ends between marks, as `""` and a line end in the file.
        ('One."\n"Two.', "One.\nTwo."),
        ('One."\n"\n"Two.', "One.\n\nTwo."),
        ('One."\n""\n"Two.', "One.\n\nTwo."),
        ('One." \r\n"\r\n"Two.', "One.\n\nTwo."),
        # Each line wrapped whole.
        ('"One."\n"Two."\n"Three."', "One.\nTwo.\nThree."),
        ('"One."\n""\n"Three."', "One.\n\nThree."),
        # The person's own marks stay.
        ('"No" is a word."\n"So is "yes"', '"No" is a word.\nSo is "yes"'),
        ('"No" is a word."\n""Yes" too.', '"No" is a word.\n"Yes" too.'),
        ('One.\nTwo "three"\nfour', 'One.\nTwo "three"\nfour'),
        ('He said "so"\nand left', 'He said "so"\nand left'),
        # Marks inside may be doubled once more.
        ('He said ""no"".', 'He said "no".'),
        ('He said ""no""."\n"So.', 'He said "no".\nSo.'),
        ('It began as x = ""', 'It began as x = ""'),
        ('"no" or ""', '"no" or ""'),
        ("", ""),
    ],
)
def test_the_marks_around_lines_go(cell: str, text: str) -> None:
    assert unwrapped(cell) == text


def test_a_post_as_the_file_has_it() -> None:
    table = (
        "Date,ShareLink,Message\n"
        '2024-01-01 10:00:00,https://x,"Hello, all""\n""\n""He said """"no"""" twice.""\n""Bye"\n'
    )
    (cell,) = messages(table)
    assert cell is not None
    assert unwrapped(cell) == 'Hello, all\n\nHe said "no" twice.\nBye'


def test_marks_escaped_by_a_backslash() -> None:
    table = 'Date,Link,Message\n1,x,"He said \\"no\\", twice"\n2,y,"C:\\temp"\n3,z,plain\n'
    assert messages(table) == ['He said "no", twice', "C:\\temp", "plain"]


def test_remarks_may_stand_above_the_header() -> None:
    table = 'Notes:\n"When exporting, some is left out."\n\nDate,Link,Message\n1,x,Hi\n'
    assert messages(table) == ["Hi"]


def test_a_huge_value_leaves_the_others() -> None:
    huge = "word " * 50_000
    assert messages(f'Date,Link,Message\n1,x,one\n2,y,"{huge}"\n3,z,three\n') == [
        "one",
        huge,
        "three",
    ]


def test_a_damaged_row_leaves_the_others() -> None:
    table = "Date,Link,Message\n1,x,one\n2,y\n3,z,three\n4,a,b,c,d\n\n5,b,five\n"
    assert messages(table) == ["one", None, "three", None, "five"]
    numbers = [line.number for line in read_table(table, "Message") if line.values is None]
    assert numbers == [3, 5]


@pytest.mark.parametrize("text", ["no,header\n1,2\n", "x" * 200_000, '"' + "y" * 200_000])
def test_what_is_no_table_is_one_damaged_row(text: str) -> None:
    assert [line.values for line in read_table(text, "Message")] == [None]


@pytest.mark.parametrize("text", ["", "\n", "Date,Link,Message\n"])
def test_an_empty_table_has_no_rows(text: str) -> None:
    assert not list(read_table(text, "Message"))


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (
            "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A12",
            "https://www.linkedin.com/feed/update/urn:li:share:12",
        ),
        (
            "https://www.linkedin.com/feed/update/urn:li:activity:12?commentUrn=x",
            "https://www.linkedin.com/feed/update/urn:li:activity:12",
        ),
        ("http://linkedin.com/in/x/?utm_source=a", "https://linkedin.com/in/x"),
        ("", ""),
        ("nothing", ""),
    ],
)
def test_the_address_of_a_post(link: str, address: str) -> None:
    assert post_address(link) == address


@pytest.mark.parametrize(
    ("link", "number"),
    [
        (
            (
                "https://www.linkedin.com/feed/update/urn:li:activity:12"
                "?commentUrn=urn%3Ali%3Acomment%3A%28activity%3A12%2C34%29"
            ),
            "34",
        ),
        (
            (
                "https://www.linkedin.com/feed/update/urn%3Ali%3AugcPost%3A12"
                "?commentUrn=urn%253Ali%253Acomment%253A%2528ugcPost%253A12%252C56%2529&replyUrn=x"
            ),
            "56",
        ),
        ("https://www.linkedin.com/feed/update/urn:li:activity:12", ""),
    ],
)
def test_the_id_of_a_comment(link: str, number: str) -> None:
    assert comment_number(link) == number


@pytest.mark.parametrize(
    ("stated", "iso"),
    [
        ("2024-01-02 03:04:05", "2024-01-02T03:04:05+00:00"),
        ("2024-01-02 03:04:05 UTC", "2024-01-02T03:04:05+00:00"),
        ("2024-01-02 03:04", "2024-01-02T03:04:00+00:00"),
        ("2024-01-02", "2024-01-02"),
        ("", None),
    ],
)
def test_times_are_utc(stated: str, iso: str | None) -> None:
    assert moment(stated) == iso


def test_hashtags_are_words() -> None:
    assert hashtags("On #Rivers, #rivers and #1 at x#no or https://a.org/#b; #Füße") == (
        "Rivers",
        "rivers",
        "Füße",
    )
