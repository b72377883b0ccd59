from controller.core.bus import encode_event, topic_of
from controller.nas.events import NasChanged


def test_the_event_names_the_nas():
    assert topic_of(NasChanged) == "nas.changed"
    assert encode_event(NasChanged("ap-1")) == ("nas.changed", b'{"nas_id":"ap-1"}')
