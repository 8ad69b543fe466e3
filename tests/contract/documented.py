"""What the public documentation says of the API, written out a second time for the tests to compare with."""

from typing import NamedTuple


class Row(NamedTuple):
    """One operation: errors are those beyond the common ones."""

    operation_id: str
    method: str
    path: str
    success: list[str]
    errors: list[str]
    query: list[str]


def _rows(table: str) -> dict[str, Row]:
    rows = [line.split() for line in table.strip().splitlines()]
    return {
        row[0]: Row(*row[:3], *([] if cell == "-" else cell.split("/") for cell in row[3:])) for row in rows
    }


# 503 and default are assumed on every operation; 409 and 502 come from the services behind files, extractions, runs.
COMMON_ERRORS = ["400", "401", "403", "405", "406", "429", "500", "503", "default"]
OPERATIONS = _rows("""
uploadFile                post    /files                                                  201/200  409/413/415/502          -
getFile                   get     /files/{fileId}                                         200      404/409/502              -
downloadFile              get     /files/{fileId}/download                                200      404/409/502              -
createExtraction          post    /document-insights/extractions                          202      409/422/502              -
uploadExtraction          post    /document-insights/extractions/upload                   202      409/413/415/422/502      -
listExtractions           get     /document-insights/extractions                          200      409/502                  page/size/status/sortBy/sort
getExtraction             get     /document-insights/extractions/{extractionId}           200      404/409/502              -
submitExtractionFeedback  post    /document-insights/extractions/{extractionId}/feedback  202      404/409/422/502          -
startRun                  post    /workflows/{workflowId}/runs                            202      404/409/413/415/422/502  -
listRuns                  get     /workflow-runs                                          200      409/502                  page/size/status/workflowId
getRun                    get     /workflow-runs/{runId}                                  200      404/409/502              -
createEventSubscription   post    /event-subscriptions                                    201      422                      -
listEventSubscriptions    get     /event-subscriptions                                    200      -                        page/size/status/eventType
getEventSubscription      get     /event-subscriptions/{subscriptionId}                   200      404                      -
updateEventSubscription   patch   /event-subscriptions/{subscriptionId}                   200      404/422                  -
deleteEventSubscription   delete  /event-subscriptions/{subscriptionId}                   204      404                      -
createExtractJob          post    /document-insights/jobs/extract                         202      409/422/502              -
listExtractJobs           get     /document-insights/jobs                                 200      409/502                  page/size/status
getExtractJob             get     /document-insights/jobs/{jobId}                         200      404/409/502              -
submitExtractJobFeedback  post    /document-insights/jobs/{jobId}/feedback                202      404/409/422/502          -
""")
CREATING = {
    "createExtraction",
    "uploadExtraction",
    "startRun",
    "createEventSubscription",
    "submitExtractionFeedback",
    "createExtractJob",
    "submitExtractJobFeedback",
}
# operationId -> media type -> schema name, None for a schema without a name; and whether the body must be there
BODIES = {
    "uploadFile": ({"multipart/form-data": "FileUpload"}, True),
    "createExtraction": ({"application/json": "ExtractionCreate"}, True),
    "uploadExtraction": ({"multipart/form-data": "ExtractionUpload"}, True),
    "submitExtractionFeedback": ({"application/json": "ExtractionFeedbackCreate"}, True),
    "startRun": ({"application/json": None, "multipart/form-data": "RunForm"}, False),
    "createEventSubscription": ({"application/json": "EventSubscriptionCreate"}, True),
    "updateEventSubscription": ({"application/json": "EventSubscriptionUpdate"}, True),
    "createExtractJob": ({"application/json": "ExtractJobCreate"}, True),
    "submitExtractJobFeedback": ({"application/json": "ExtractJobFeedbackCreate"}, True),
}
ANSWERS = {
    "uploadFile": "File",
    "getFile": "File",
    "createExtraction": "Extraction",
    "uploadExtraction": "Extraction",
    "listExtractions": "ExtractionPage",
    "getExtraction": "Extraction",
    "submitExtractionFeedback": "ExtractionFeedback",
    "startRun": "WorkflowRun",
    "listRuns": "WorkflowRunPage",
    "getRun": "WorkflowRun",
    "createEventSubscription": "EventSubscription",
    "listEventSubscriptions": "EventSubscriptionPage",
    "getEventSubscription": "EventSubscription",
    "updateEventSubscription": "EventSubscription",
    "createExtractJob": "ExtractJob",
    "listExtractJobs": "ExtractJobPage",
    "getExtractJob": "ExtractJob",
    "submitExtractJobFeedback": "ExtractJobFeedback",
}
JOB_STATUSES = ["QUEUED", "PROCESSING", "COMPLETED", "FAILED", "REJECTED"]
EVENTS = {
    "document-insights.extraction.completed": "ExtractionCompletedEvent",
    "document-insights.extraction.failed": "ExtractionFailedEvent",
    "document-insights.extraction.rejected": "ExtractionRejectedEvent",
    "workflow.run.completed": "RunCompletedEvent",
    "workflow.run.failed": "RunFailedEvent",
    "document-insights.job.completed": "ExtractJobCompletedEvent",
    "document-insights.job.failed": "ExtractJobFailedEvent",
    "document-insights.job.rejected": "ExtractJobRejectedEvent",
}
DELIVERY_HEADERS = {
    f"X-Plextera-{name}"
    for name in ("Delivery-Id", "Event-Id", "Event-Type", "Event-Occurred-At", "Api-Version", "Signature")
}
# place below components -> exactly the keywords that limit it
LIMITS = {
    "parameters/Page/schema": {"minimum": 0},
    "parameters/Size/schema": {"minimum": 1, "maximum": 100},
    "parameters/RequestId/schema": {"minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"},
    "schemas/Tags": {"maxProperties": 50},
    "schemas/Tags/propertyNames": {"minLength": 1, "maxLength": 64, "pattern": r"^\s*\S[\s\S]*$"},
    "schemas/TagValue": {"minLength": 1, "maxLength": 512, "pattern": r"^\s*\S[\s\S]*$"},
    "schemas/Metadata": {"maxProperties": 50},
    "schemas/Metadata/propertyNames": {"minLength": 1, "maxLength": 64, "pattern": r"^\s*\S[\s\S]*$"},
    "schemas/MetadataValue": {"minLength": 1, "maxLength": 512, "pattern": r"^\s*\S[\s\S]*$"},
    "schemas/DocumentByUrl/properties/url": {"pattern": "^https://.+"},
    "schemas/ExtractJobCreate/properties/hubId": {"pattern": "^[0-9a-fA-F]{24}$"},
    "schemas/ExtractionFeedbackCreate/properties/message": {"minLength": 1, "maxLength": 1024},
    "schemas/ExtractionFeedbackCreate/properties/fieldId": {"minLength": 1, "maxLength": 256},
    "schemas/ExtractJobFeedbackCreate/properties/message": {"minLength": 1, "maxLength": 1024},
    "schemas/ExtractJobFeedbackCreate/properties/fieldId": {"minLength": 1, "maxLength": 256},
    "schemas/EventSubscriptionCreate/properties/endpointUrl": {"minLength": 1, "pattern": "^https://.+$"},
    "schemas/EventSubscriptionCreate/properties/eventTypes": {"minItems": 1},
    "schemas/EventSubscriptionCreate/properties/signingSecret": {"minLength": 1},
    "schemas/EventSubscriptionUpdate/properties/endpointUrl": {"minLength": 1, "pattern": "^https://.+$"},
    "schemas/EventSubscriptionUpdate/properties/eventTypes": {"minItems": 1},
    "schemas/EventSubscriptionUpdate/properties/signingSecret": {"minLength": 1},
    "parameters/SignatureHeader/schema": {"pattern": "^t=[0-9]+,v1=[0-9a-fA-F]{64}"},
    "headers/RetryAfter/schema": {"minimum": 0},
}
DEFAULTS = {
    "parameters/Page/schema": 0,
    "parameters/Size/schema": 50,
    "schemas/ExtractionFeedbackCreate/properties/type": "ERROR",
}
LIMITING = {
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "maxProperties",
}
ENUMS = {
    "ExtractionStatus": JOB_STATUSES,
    "ExtractionSortKey": ["createdAt", "updatedAt", "completedAt"],
    "SortOrder": ["asc", "desc"],
    "FeedbackType": ["ERROR", "INFO"],
    "RunStatus": ["QUEUED", "PROCESSING", "COMPLETED", "FAILED", "CLOSED"],
    "SubscriptionStatus": ["active", "paused"],
    "EventType": list(EVENTS),
}
REQUIRED = {
    "File": {"id"},
    "FileUpload": {"file"},
    "DocumentByFileId": {"fileId"},
    "DocumentByUrl": {"url"},
    "ExtractionCreate": {"document"},
    "ExtractionUpload": {"file"},
    "Extraction": {"id", "status"},
    "ExtractionPage": {"data"},
    "ExtractionFeedbackCreate": {"message"},
    "ExtractionFeedback": {"id"},
    "WorkflowRun": {"id", "status"},
    "WorkflowRunPage": {"data"},
    "EventSubscription": {"id", "status"},
    "EventSubscriptionCreate": {"endpointUrl", "eventTypes", "signingSecret"},
    "EventSubscriptionPage": {"data"},
    "ErrorBody": {"code", "message"},
    "ErrorResponse": {"error"},
    "ExtractJobCreate": {"document"},
    "ExtractJob": {"id", "status"},
    "ExtractJobPage": {"data"},
    "ExtractJobFeedbackCreate": {"message"},
    "ExtractJobFeedback": {"id"},
    "ExtractionEventData": {"status"},
    "RunEventData": {"status"},
    "ExtractJobEventData": {"status"},
    **{name: {"eventId", "eventType", "occurredAt", "apiVersion", "data"} for name in EVENTS.values()},
}
SENSITIVE = {
    "value",
    "output",
    "tags",
    "metadata",
    "message",
    "issue",
    "fileName",
    "endpointUrl",
    "url",
    "signingSecret",
    "file",
    "payload",
    "attachments",
    "placements",
}
SENSITIVE_HERE = {("File", "name"), ("RunForm", "document")}
# What the documentation leaves open must say so: operations, and places below components.
UNVERIFIED_OPERATIONS = set(OPERATIONS) - {"getFile", "getRun", "listEventSubscriptions"}
UNVERIFIED_PLACES = [
    "parameters/RequestId",
    "parameters/Size",
    "parameters/SignatureHeader",
    "headers/RequestId",
    "headers/RetryAfter",
    "responses/PayloadTooLarge",
    "responses/UnsupportedMediaType",
    "responses/ValidationFailed",
    "responses/RateLimited",
    "responses/InternalError",
    "responses/BadGateway",
    "responses/ServiceUnavailable",
    "responses/UnexpectedError",
    "schemas/File/properties/createdAt",
    "schemas/FileUpload/properties/file",
    "schemas/Tags",
    "schemas/ExtractionUpload/properties/file",
    "schemas/ExtractionUpload/properties/tags",
    "schemas/ExtractionCreate/properties/document",
    "schemas/DocumentByUrl/properties/url",
    "schemas/ProcessingError/properties/code",
    "schemas/DocumentSummary/properties/fileId",
    "schemas/Extraction/properties/startedAt",
    "schemas/ExtractionOutput/properties/fieldCount",
    "schemas/ExtractedField",
    "schemas/ExtractedField/properties/id",
    "schemas/ExtractedField/properties/name",
    "schemas/ExtractedField/properties/type",
    "schemas/ExtractedField/properties/value",
    "schemas/ExtractedField/properties/confidence",
    "schemas/ExtractedField/properties/placements",
    "schemas/RunStatus",
    "schemas/RunStep/properties/status",
    "schemas/NestedRuns/properties/data",
    "schemas/WorkflowRun/properties/durationMs",
    "schemas/WorkflowRun/properties/computedDurationMs",
    "schemas/EventSubscriptionFilters/properties/operation",
    "schemas/EventSubscriptionUpdate/properties/filters",
    "schemas/ErrorBody/properties/code",
    "schemas/ExtractJobFeedback",
    "schemas/ExtractionEventData",
    "schemas/RunEventData",
    "schemas/ExtractJobEventData",
]
