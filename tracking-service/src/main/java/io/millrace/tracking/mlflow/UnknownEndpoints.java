package io.millrace.tracking.mlflow;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.http.HttpMethod;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.PathContainer;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.reactive.result.method.RequestMappingInfo;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerMapping;
import org.springframework.web.server.MethodNotAllowedException;

/** Whatever no other endpoint of MLflow's prefixes takes, in any version. */
@MlflowApi({
  "/api/{version}/mlflow",
  "/ajax-api/{version}/mlflow",
  "/api/{version}/preview/mlflow",
  "/ajax-api/{version}/preview/mlflow"
})
class UnknownEndpoints {

  /** Asked for later: the mapping is made of the controllers, of which this is one. */
  private final ObjectProvider<RequestMappingHandlerMapping> routes;

  UnknownEndpoints(
      @Qualifier("requestMappingHandlerMapping")
          ObjectProvider<RequestMappingHandlerMapping> routes) {
    this.routes = routes;
  }

  @RequestMapping("/**")
  ResponseEntity<String> unknown(ServerHttpRequest request) {
    Set<HttpMethod> taken = methods(request.getPath().pathWithinApplication());
    if (taken.isEmpty()) {
      throw new MlflowException(
          ErrorCode.ENDPOINT_NOT_FOUND,
          "%s %s is not an endpoint of this server."
              .formatted(request.getMethod(), request.getPath().value()));
    }
    if (request.getMethod() == HttpMethod.OPTIONS) {
      return ResponseEntity.ok().allow(taken.toArray(HttpMethod[]::new)).body("OK");
    }
    throw new MethodNotAllowedException(request.getMethod(), taken);
  }

  private Set<HttpMethod> methods(PathContainer path) {
    return routes.getObject().getHandlerMethods().keySet().stream()
        .filter(
            route ->
                route.getPatternsCondition().getPatterns().stream()
                    .anyMatch(pattern -> pattern.matches(path)))
        .map(RequestMappingInfo::getMethodsCondition)
        .flatMap(methods -> methods.getMethods().stream())
        .map(RequestMethod::asHttpMethod)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }
}
