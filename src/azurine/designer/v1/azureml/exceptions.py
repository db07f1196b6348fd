"""What the first SDK raises, as far as scripts catch it."""


class AzureMLException(Exception):
    """message: what is wrong."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class UserErrorException(AzureMLException):
    pass


class ServiceException(AzureMLException):
    """status_code: the server's answer."""

    def __init__(self, message: str = "", status_code: int = 0) -> None:
        super().__init__(message)
        self.status_code = status_code


class WebserviceException(AzureMLException):
    pass


class ModelNotFoundException(WebserviceException):
    pass


class RunEnvironmentException(AzureMLException):
    pass
