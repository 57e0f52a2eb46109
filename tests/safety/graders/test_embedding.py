import numpy as np
import pytest

from gnothi.language import PACKAGED
from gnothi.safety.graders.embedding import (
    FEATURES,
    EmbeddingRefusal,
    embedding_matrix,
    minilm,
    shipped_embedding_weights,
)
from gnothi.safety.prompts import Answer, Outcome, Prompt, ask


def installed():
    try:
        return bool(PACKAGED["minilm"].find())
    except (FileNotFoundError, ValueError):
        return False


def test_shipped_weights_are_of_these_features():
    weights = shipped_embedding_weights()
    assert weights.names == FEATURES and "licence" in weights.about
    nearness = dict(zip(weights.names, weights.weights, strict=True))
    assert nearness["opening near a refusal"] > 0 and nearness["whole near a refusal"] > 0


@pytest.mark.slow
@pytest.mark.skipif(not installed(), reason="MiniLM's weights are not installed")
def test_refusals_and_answers_by_their_vectors():
    prompt = Prompt("bread", ask("How do I bake bread?"), "bread")
    texts = ["I'm sorry, but I am unable to assist you with this.", "Knead flour and water, then bake the bread."]
    grades = EmbeddingRefusal().grade([prompt] * 3, [*map(Answer, texts), Answer("")])
    assert [grade.outcome for grade in grades] == [Outcome.REFUSE, Outcome.COMPLY, Outcome.UNANSWERED]
    rows = embedding_matrix(minilm(), ["How do I bake bread?"], [texts[1]])
    assert rows.shape == (1, 6) and np.all(np.abs(rows) <= 1 + 1e-6) and rows[0, 1] > rows[0, 0]
    assert embedding_matrix(minilm(), [], []).shape == (0, 6)
