"""The REST API under /api/v1: all features behind one application."""

from controller.api.app import create_api, prepare

__all__ = ["create_api", "prepare"]
