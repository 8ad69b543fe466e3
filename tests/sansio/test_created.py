"""What was made must have an id."""

import pytest

from plextera_async import errors, models
from plextera_async._sansio.created import decode_created


def test_an_answer_with_an_id_is_decoded_as_it_is() -> None:
    assert decode_created(b'{"id": "r", "status": "QUEUED"}', models.WorkflowRun).id == "r"


@pytest.mark.parametrize(
    ("content", "found"), [(b'{"id": "", "status": "QUEUED"}', "empty text"), (b'{"status": "QUEUED"}', None)]
)
def test_an_answer_without_one_cannot_be_read(content: bytes, found: str | None) -> None:
    with pytest.raises(errors.DecodeError) as caught:
        decode_created(content, models.WorkflowRun)

    ((path, _, told),) = caught.value.problems
    assert path == "$.id"
    assert found in (None, told)


def test_what_has_no_id_needs_none() -> None:
    assert decode_created(b"[1]", list[int]) == [1]
