"""What fails a piece of work, in Data Factory's words, and on which side of a copy it happened.

    Failure happened on 'Source' side. ErrorCode=UserErrorFileNotFound,'Type=…HybridDeliveryException,Message=…,Source=…,'

https://learn.microsoft.com/azure/data-factory/copy-activity-troubleshooting-guide
"""

import errno
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from azurine.model import errors

SOURCE, SINK = "Source", "Sink"
NOT_FOUND = "UserErrorFileNotFound"
NOT_ALLOWED = "UserErrorPermissionDenied"
CONVERSION = "TypeConversionFailure"
SQL = "SqlOperationFailed"
_TYPE = "Microsoft.DataTransfer.Common.Shared.HybridDeliveryException"


def failure(code: str, message: str) -> errors.Invalid:
    return errors.Invalid(message, code=code)


@contextmanager
def on(side: str) -> Iterator[None]:
    """What fails in here failed on that side, unless it is known better."""
    try:
        yield
    except errors.AzurineError as error:
        error.path = error.path if error.path in (SOURCE, SINK) else side
        raise
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError) as error:
        told = of_system(error) if isinstance(error, OSError) else packed(error)
        told.path = side
        raise told from error


def packed(error: Exception) -> errors.Invalid:
    return failure("UserErrorInvalidCompressedData", f"The file cannot be unpacked: {error}.")


def of_system(error: OSError) -> errors.AzurineError:
    """What the operating system says, in our words."""
    if error.errno is None:
        return packed(error)  # the libraries that unpack say so what is wrong with a file
    name = str(error.filename or "")
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return failure(NOT_FOUND, f"Cannot find the file or folder specified: '{name}'.")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return errors.Denied(f"The access to '{name}' is denied: {error.strerror}.", code=NOT_ALLOWED)
        case errno.ENOSPC | errno.EDQUOT:
            return errors.Conflict("There is no space left at the sink.", code="UserErrorDiskFull")
        case errno.EISDIR:
            return failure("UserErrorPathIsFolder", f"'{name}' is a folder where a file should be.")
    return errors.Temporary(f"'{name}': {error.strerror or error}", code="FileOperationFailed")


def told(error: errors.AzurineError) -> str:
    """The message as Data Factory shows it."""
    side = f"Failure happened on '{error.path}' side. " if error.path in (SOURCE, SINK) else ""
    return f"{side}ErrorCode={error.code},'Type={_TYPE},Message={error.message},Source=Microsoft.DataTransfer.ClientLibrary,'"
