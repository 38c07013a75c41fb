package io.millrace.tracking.mlflow;

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** What MLflow clients ask the server itself. */
@RestController
class ServerEndpoints {

  /** The MLflow release whose contract is followed; clients parse it. */
  private static final String VERSION = "3.11.1";

  @GetMapping(path = "/health", produces = MediaType.TEXT_PLAIN_VALUE)
  String health() {
    return "OK";
  }

  @GetMapping(path = "/version", produces = MediaType.TEXT_PLAIN_VALUE)
  String version() {
    return VERSION;
  }
}
