"""Names for runs and models that were given none: easy to say, hard to mix up."""

import secrets

_HOW = "able amber brave bright calm clever cosy crisp curious daring eager fancy gentle glad golden happy honest jolly keen kind lively lucky merry mighty modest neat noble patient plucky polite proud quiet quick royal silent silver sincere smart spry sturdy sunny swift tidy upbeat vivid warm wise witty zesty"
_WHO = "acorn aspen badger bear beaver bee birch brook cedar cloud crane cricket dolphin eagle elm falcon fern finch fjord fox frog garden glade grove hare harbor hawk heron island ivy kite lake lark leaf lemon lime lynx maple meadow moth oak olive orchid otter owl panda parrot peach pear pebble pine plum quail rabbit raven reef river robin sail salmon seal shell spruce squid stone swan thistle tiger trout tulip turtle vale violet walnut whale willow wren yak"


def run_name() -> str:
    return f"{_pick(_HOW)}_{_pick(_WHO)}_{secrets.token_hex(4)}"


def model_name() -> str:
    return f"{_pick(_HOW)}-{_pick(_WHO)}-{secrets.randbelow(1000)}"


def _pick(words: str) -> str:
    return secrets.choice(words.split())
