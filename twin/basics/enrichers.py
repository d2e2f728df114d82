"""The enrichers that belong to the product: language, topics, entities.

In: a document. Out: what it is written in, filed under, and whom it names.
"""

from twin.basics.entities import EntitiesOptions, build_entities
from twin.basics.languages import LanguageOptions, build_language
from twin.basics.topics import TopicsOptions, build_topics
from twin.components import AnyComponent, EnricherComponent

COMPONENTS: tuple[AnyComponent, ...] = (
    EnricherComponent(
        name="language",
        summary="The language of a text, as stated or told from its words (py3langid)",
        options=LanguageOptions,
        build=build_language,
    ),
    EnricherComponent(
        name="topics",
        summary="Your own tags, hashtags and folders; else the words that the text turns on",
        options=TopicsOptions,
        build=build_topics,
    ),
    EnricherComponent(
        name="entities",
        summary="People, places and things, told by how names are written",
        options=EntitiesOptions,
        build=build_entities,
    ),
)
