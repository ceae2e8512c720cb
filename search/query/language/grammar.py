"""The grammar of the language of queries, and its parser, which takes linear time."""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Lark

# Operators from the loosest to the tightest. What is inside of a pair of parentheses, a time and a
# weight are read by terminals that take everything, so that errors say what is wrong with it.
GRAMMAR = r"""
start: conjunction
?conjunction: sequence (_AND sequence)*
?sequence: overlap (THEN overlap [_WITHIN TIME])*
?overlap: operand (_WHILE operand)*
?operand: NOT operand -> negation
        | weighted
?weighted: primary
         | primary _TIMES WEIGHT
?primary: STRING -> words
        | NAME _OPEN argument _CLOSE -> call
        | _OPEN conjunction _CLOSE -> group
argument: STRING [SECTION]
        | BARE

_AND.2: /and(?!\w)/i
_WHILE.2: /while(?!\w)/i
THEN.2: /then(?!\w)/i
_WITHIN.2: /within(?!\w)/i
NOT.2: /not(?!\w)/i
NAME: /[^\W\d]\w*/
_OPEN: "("
_CLOSE: ")"
_TIMES: "*"
STRING: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/s
SECTION: /@[^\s()"]*/
BARE: /[^\s()"'\x00-\x1f\x7f][^()"\x00-\x1f\x7f]*/
TIME: /[^\s()]+(?:\s+s(?!\w))?/
WEIGHT: /[^\s()]+/

%ignore /\s+/
"""

# In the words of a person, what may come next, by the terminals that the parser would take.
EXPECTED: tuple[tuple[str, str], ...] = (
    ("TIME", "a time such as 12s or 1:30"),
    ("WEIGHT", "a weight such as 2 or .5"),
    ("BARE", "a value such as a file, a name, or words in quotation marks"),
    ("NAME", 'a part such as text("rain") or image(beach.jpg)'),
    ("_OPEN", "a ( after the name: words stand in quotation marks"),
    ("_CLOSE", "a ), as names with parentheses stand in quotation marks"),
    ("_AND", "while, then, and, or the end"),
)


@lru_cache(maxsize=1)
def make_parser() -> "Lark":
    """The parser, which builds expressions while it reads; made once."""
    from lark import Lark

    from mvsearch.search.query.language.building import Builder

    return Lark(GRAMMAR, parser="lalr", transformer=Builder(), maybe_placeholders=True)
