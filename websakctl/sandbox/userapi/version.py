"""The whole of one version, put together from its subjects."""

from websakctl.sandbox.settings import ApiVersion, Settings
from websakctl.sandbox.userapi import access_groups, admin, departments, departments_v2, info, user_access, users, zones
from websakctl.sandbox.userapi.published import OLDER, as_published
from websakctl.sandbox.userapi.routing import Operation, UserApi

_SUBJECTS = (departments, departments_v2, users, user_access, access_groups, admin, zones, info)


def operations(version: ApiVersion) -> list[Operation]:
    """List every operation of ``version``."""
    return [operation for subject in _SUBJECTS for operation in subject.operations(version)]


def user_api(settings: Settings) -> UserApi:
    """Build the User API as the file that ``settings`` name publishes it."""
    listed = operations(settings.api_version)
    return UserApi(as_published(listed, OLDER[settings.published]) if settings.published else listed)
