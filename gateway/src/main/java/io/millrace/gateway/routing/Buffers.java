package io.millrace.gateway.routing;

import io.millrace.buffers.LargePieces;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.cloud.gateway.config.HttpClientCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Bodies pass in large pieces, there and back. */
@Configuration(proxyBeanMethods = false)
class Buffers {

  private static final LargePieces PIECES = new LargePieces(4 * 1024, 128 * 1024);

  @Bean
  HttpClientCustomizer largeBuffersOfAnswers() {
    return PIECES::answersOf;
  }

  @Bean
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> largeBuffersOfRequests() {
    return factory -> factory.addServerCustomizers(PIECES::requestsOf);
  }
}
