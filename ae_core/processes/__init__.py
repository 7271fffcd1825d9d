"""Long work: processes beside the page, how they are started, watched, ended and explained.

See README.md. Nothing here imports torch before somebody asks about a device.
"""

from ae_core.processes.detached import ProcessIdentity, start_detached, start_worker
from ae_core.processes.failures import Remedy, explain_error, explain_exit
from ae_core.processes.priority import lower_priority
from ae_core.processes.progress import CancelledError, Progress, silent, stretch
from ae_core.processes.requests import Request
from ae_core.processes.tasks import Task
from ae_core.processes.worker_client import RequestState, WorkerClient
from ae_core.processes.worker_process import WorkerProgram

__all__ = [
    "CancelledError",
    "ProcessIdentity",
    "Progress",
    "Remedy",
    "Request",
    "RequestState",
    "Task",
    "WorkerClient",
    "WorkerProgram",
    "explain_error",
    "explain_exit",
    "lower_priority",
    "silent",
    "start_detached",
    "start_worker",
    "stretch",
]
