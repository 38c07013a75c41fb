package io.millrace.gateway.routing;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.cloud.gateway.config.HttpClientCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Bodies pass in large pieces: by default each read of 64 KiB is passed on as eight pieces, and
 * each of those costs as much as a large one.
 */
@Configuration(proxyBeanMethods = false)
class Buffers {

  private static final int SMALLEST = 1024;
  private static final int FIRST = 4 * 1024;
  private static final int LARGEST = 128 * 1024;

  @Bean
  HttpClientCustomizer largeBuffersOfAnswers() {
    return client ->
        client
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .option(ChannelOption.RECVBUF_ALLOCATOR, receiving())
            .httpResponseDecoder(decoder -> decoder.maxChunkSize(LARGEST));
  }

  @Bean
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> largeBuffersOfRequests() {
    return factory ->
        factory.addServerCustomizers(
            server ->
                server
                    .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                    .childOption(ChannelOption.RECVBUF_ALLOCATOR, receiving())
                    .httpRequestDecoder(decoder -> decoder.maxChunkSize(LARGEST)));
  }

  private static AdaptiveRecvByteBufAllocator receiving() {
    return new AdaptiveRecvByteBufAllocator(SMALLEST, FIRST, LARGEST);
  }
}
