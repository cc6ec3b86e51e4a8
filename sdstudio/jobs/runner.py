"""Where a job meets an engine, and every end becomes one event."""

from __future__ import annotations

import logging
import traceback

from sdstudio.errors import Cancelled, EnvironmentFault, SdstudioError
from sdstudio.jobs.engine import Engine
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import (
    FinalEvent,
    JobCancelled,
    JobEvent,
    JobFailed,
    JobFinished,
    JobStarted,
    PictureFinished,
)
from sdstudio.messages.generation import GenerationRequest

_log = logging.getLogger(__name__)


def run_job(engine: Engine, job: Job, emit: Emit) -> None:
    """Run `job`; every way it can end becomes exactly one final event.

    An error raised by `emit` on the way (a picture that cannot be saved) ends the job as well.
    """
    emit(JobStarted(job_id=job.id))
    pictures = 0

    def count_and_emit(event: JobEvent) -> None:
        nonlocal pictures
        emit(event)
        pictures += isinstance(event, PictureFinished)

    final = _run(engine, job, count_and_emit)
    emit(final or _finished(job, pictures))


def _run(engine: Engine, job: Job, emit: Emit) -> FinalEvent | None:
    """Return the event that says how the run ended, None if it went well."""
    try:
        job.cancel.raise_if_cancelled()
        engine.run(job, emit)
    except (Cancelled, KeyboardInterrupt):
        return JobCancelled(job_id=job.id)
    except SdstudioError as error:
        return _told(job, error)
    except MemoryError:
        return _out_of_memory(job)
    except OSError as error:
        return _refused_by_system(job, error)
    except Exception as error:  # one of the two broad excepts of the program
        return _bug(job, error)
    return None


def _finished(job: Job, pictures: int) -> JobFinished:
    wanted = job.request.count if isinstance(job.request, GenerationRequest) else pictures
    return JobFinished(job_id=job.id, pictures=pictures, skipped=max(0, wanted - pictures))


def _told(job: Job, error: SdstudioError) -> JobFailed:
    _log.info("job %s ended: %s", job.id, type(error).__name__)
    return JobFailed(
        job_id=job.id,
        kind="environment" if isinstance(error, EnvironmentFault) else "request",
        message=error.message,
        hint=error.hint,
        remedies=error.remedies,
        details=_traceback(error),
    )


def _out_of_memory(job: Job) -> JobFailed:
    return JobFailed(
        job_id=job.id,
        kind="environment",
        message="There is not enough memory for this run.",
        hint="Choose a smaller size, or close other programs.",
        remedies=("smaller-size", "tiled-vae", "try-again"),
        details=traceback.format_exc(limit=20),
    )


def _refused_by_system(job: Job, error: OSError) -> JobFailed:
    named = f"{error.filename}: " if error.filename else ""
    _log.exception("job %s was stopped by the system", job.id)
    return JobFailed(
        job_id=job.id,
        kind="environment",
        message=f"The system refused an operation: {named}{error.strerror or error}.",
        hint="Check that the disk has space and that the files are still there.",
        remedies=("try-again",),
        details=_traceback(error),
    )


def _bug(job: Job, error: Exception) -> JobFailed:
    _log.exception("job %s met an unexpected error", job.id)
    return JobFailed(
        job_id=job.id,
        kind="bug",
        message=f"Something unexpected happened: {type(error).__name__}.",
        hint="Please report it; the details can be copied.",
        remedies=("try-again",),
        details=_traceback(error),
    )


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
