package io.millrace.tracking.mlflow;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.RequestMapping;

/** Whatever no other endpoint of the same prefix takes. */
@MlflowApi
class UnknownEndpoints {

  @RequestMapping("/**")
  void unknown(ServerHttpRequest request) {
    throw new MlflowException(
        ErrorCode.ENDPOINT_NOT_FOUND,
        "%s %s is not an endpoint of this server."
            .formatted(request.getMethod(), request.getPath().value()));
  }
}
