"""Posts to try things with: a few thousand, by hand and by rule, the same for the same seed.

Nothing here knows the product. Its matcher is judged by these, and must not have been written from them.

```python
for one, other in pairs(seed=7, n=10_000):
    ...  # two posts, mostly near-equal: what tells them apart, or that nothing does, is to be found
```
"""

from rehearsal.corpus.items import Item
from rehearsal.corpus.pairs import pairs
from rehearsal.corpus.posts import corpus, for_account

__all__ = ["Item", "corpus", "for_account", "pairs"]
