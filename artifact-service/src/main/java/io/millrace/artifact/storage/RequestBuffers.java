package io.millrace.artifact.storage;

import io.millrace.buffers.LargePieces;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Uploads come in large pieces: each wakes the thread that stores them. */
@Configuration(proxyBeanMethods = false)
class RequestBuffers {

  private static final LargePieces PIECES = new LargePieces(4 * 1024, 64 * 1024);

  @Bean
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> largeBuffersOfUploads() {
    return factory -> factory.addServerCustomizers(PIECES::requestsOf);
  }
}
