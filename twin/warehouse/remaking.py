"""What a second warehouse holds in another way than the first does by now, made anew in it.

In: two warehouses, and the versions of a document as the first has them. Out: the second without
what the first has forgotten since, and with what it came to know of older versions.
"""

from collections.abc import Sequence
from dataclasses import replace

from twin.warehouse.feedback import Feedback
from twin.warehouse.protocol import StoredDocument, Warehouse


def is_outdated(target: Warehouse, versions: Sequence[StoredDocument]) -> bool:
    """Return whether a document is to be made anew; enrichments are brought up to date in place.

    It is if the second has a version of before the first's oldest: numbers are given one after the
    other, so that one was forgotten, and the document came again. And if an older version has other
    metadata, which nothing but a new beginning changes.

    Args:
        target: the second warehouse, which has these versions.
        versions: all that the first has, oldest first.
    """
    document_id, ours = versions[0].id, {stored.version: stored for stored in versions}
    numbers = [number for number, _ in target.versions(document_id)]
    if not set(numbers) <= set(ours):
        forgotten = [number for number in numbers if number < versions[0].version]
        # What the second was given besides stays: it is named as a difference.
        return bool(forgotten) and set(numbers) <= {*ours, *forgotten}
    older = target.get_many([(document_id, number) for number in numbers[:-1]])
    enriched = []
    for (_, number), there in older.items():
        here = ours[number]
        same = replace(there.document, raw=None) == replace(here.document, raw=None)
        # An author whom the second knows by another slug has another hash, and no other metadata.
        if there.metadata_hash != here.metadata_hash and not same:
            return True
        if there.enrichment != here.enrichment:
            enriched.append(here)
    target.put_enrichments(enriched)
    return False


def make_anew(source: Warehouse, target: Warehouse, document_ids: Sequence[str]) -> None:
    """Forget documents in the second warehouse, and restore them as the first has them.

    What was said in the second of answers that rest on versions that are still there stays.
    """
    if not document_ids:
        return
    numbers = {one: {number for number, _ in source.versions(one)} for one in document_ids}
    said = [one for one in target.feedback() if _stands(one, numbers)]
    target.delete(document_ids)
    for document_id in filter(numbers.get, document_ids):
        target.restore([source.get(document_id, one) for one in sorted(numbers[document_id])])
    for one in said:
        target.put_feedback(one)


def _stands(feedback: Feedback, numbers: dict[str, set[int]]) -> bool:
    """Return whether feedback is on these documents, and only on versions that there are."""
    on = [source for source in feedback.sources if source.document_id in numbers]
    return bool(on) and all(source.version in numbers[source.document_id] for source in on)
