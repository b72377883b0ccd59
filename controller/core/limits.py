"""The limit of open files, raised as far as the system allows: every connection holds one."""

import resource

ENOUGH = 1 << 20


def allow_open_files() -> int:
    """Raise this process's soft limit of open files to its hard limit; return what holds now.

    The usual soft limit, 1,024, is for programs that use select(2); a controller of thousands of
    access points needs more. Needs no privilege (setrlimit(2)).
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft
