package io.millrace.gateway.routing;

import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The routing table. */
@Configuration(proxyBeanMethods = false)
class Routes {

  @Bean
  RouteLocator routeLocator(RouteLocatorBuilder builder, ServiceAddresses addresses) {
    var routes = builder.routes();
    for (var upstream : Upstream.values()) {
      if (!upstream.paths().isEmpty()) {
        routes.route(
            upstream.serviceName(),
            route ->
                route
                    .path(false, upstream.paths().toArray(String[]::new))
                    // Services give out addresses under the host that the client asked for.
                    .filters(filters -> filters.preserveHostHeader())
                    .uri(addresses.of(upstream)));
      }
    }
    return routes.build();
  }
}
