from dataclasses import dataclass

from controller.core.bus import Dispatcher, encode_event, event, topic_of


@event("door.opened")
@dataclass(frozen=True)
class DoorOpened:
    door: str
    times: int | None = None


def test_an_event_is_its_topic_and_its_json():
    assert topic_of(DoorOpened) == "door.opened"
    assert encode_event(DoorOpened("north")) == ("door.opened", b'{"door":"north","times":null}')


async def test_events_go_to_the_handlers_of_their_topic():
    heard = []

    async def handler(opened):
        heard.append(opened)

    dispatcher = Dispatcher()
    dispatcher.subscribe(DoorOpened, handler)
    await dispatcher.dispatch("door.opened", b'{"door":"north","added_later":1}')
    await dispatcher.dispatch("door.closed", b"{}")
    assert heard == [DoorOpened("north")]


async def test_an_unreadable_event_is_passed_over_without_alarm():
    gaps = []

    async def on_gap():
        gaps.append(1)

    async def handler(_event):
        raise AssertionError

    dispatcher = Dispatcher()
    dispatcher.subscribe(DoorOpened, handler)
    dispatcher.on_gap(on_gap)
    await dispatcher.dispatch("door.opened", b'{"door":7}')
    assert gaps == []
    await dispatcher.dispatch("door.opened", b'{"door":"north"}')  # the handler fails: reconcile
    assert gaps == [1]
