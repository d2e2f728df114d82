"""What a person may set about reading the web.

In: the table `[fetch]` of twin.toml. Out: `FetchSettings`.
"""

from pydantic import BaseModel, ConfigDict, Field


class FetchSettings(BaseModel):
    """How the web is read. Every host has a rate of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contact: str = Field(
        default="",
        pattern=r"^[\x20-\x7e]*$",
        description="Address or mail by which a site's owner can reach whoever runs this.",
    )
    rate: float = Field(
        default=1.0, gt=0, le=100, description="Requests a second to one host, at the most."
    )
    hosts: int = Field(default=8, ge=1, le=64, description="Hosts that are read at once.")
    retries: int = Field(default=3, ge=0, le=10, description="Further attempts after a failure.")
    patience: float = Field(
        default=60, ge=0, description="Seconds that a host may ask to wait (Retry-After)."
    )
    timeout: float = Field(default=20, gt=0, description="Seconds for each step of a request.")
    total_timeout: float = Field(default=120, gt=0, description="Seconds for a whole request.")
    max_bytes: int = Field(default=20_000_000, ge=1, description="Bytes of an answer, unpacked.")
    redirects: int = Field(default=10, ge=0, le=50, description="Redirects in a row.")
    allow_private: tuple[str, ...] = Field(
        default=(),
        description="Hosts that may lie on this machine or in its private network.",
    )
