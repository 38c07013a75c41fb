package io.millrace.gateway.routing;

import java.util.List;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.unit.DataSize;

/** The routing table. */
@Configuration(proxyBeanMethods = false)
class Routes {

  /**
   * JSON and YAML bodies are small by nature; artifacts, datasets and predictions have limits of
   * their own.
   */
  private static final DataSize SMALL_BODY = DataSize.ofMegabytes(2);

  private static final List<String> SMALL_BODY_PATHS =
      List.of(
          "/api/v1/train-requests",
          "/api/v1/pipelines",
          "/api/v1/promotions",
          "/api/v1/approvals/**");

  @Bean
  RouteLocator routeLocator(RouteLocatorBuilder builder, ServiceAddresses addresses) {
    var routes = builder.routes();
    for (var upstream : Upstream.values()) {
      var uri = addresses.of(upstream);
      var small =
          upstream.paths().stream().filter(SMALL_BODY_PATHS::contains).toArray(String[]::new);
      if (small.length > 0) {
        routes.route(
            upstream.serviceName() + "-small",
            route ->
                route
                    .path(false, small)
                    .filters(
                        f ->
                            f.setRequestSize(SMALL_BODY)
                                .metadata("service", upstream.serviceName()))
                    .uri(uri));
      }
      if (!upstream.paths().isEmpty()) {
        routes.route(
            upstream.serviceName(),
            route -> route.path(false, upstream.paths().toArray(String[]::new)).uri(uri));
      }
    }
    return routes.build();
  }
}
