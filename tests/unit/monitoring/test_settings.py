from monitoring.settings import MonitorSettings


def test_the_defaults_bind_to_loopback():
    settings = MonitorSettings()
    assert (settings.admin_host, settings.admin_port) == ("127.0.0.1", 9484)


def test_the_environment_is_read(monkeypatch):
    monkeypatch.setenv("KOLCO_MONITOR_SNAPSHOT_INTERVAL_S", "2.5")
    assert MonitorSettings.load().snapshot_interval_s == 2.5
