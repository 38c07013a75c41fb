package io.millrace.artifact.storage;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Uploads come in large pieces: by default what is read at once is passed on in pieces of 8 KiB,
 * each of which wakes the thread that stores them.
 */
@Configuration(proxyBeanMethods = false)
class RequestBuffers {

  private static final int SMALLEST = 1024;
  private static final int FIRST = 4 * 1024;
  private static final int LARGEST = 64 * 1024;

  @Bean
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> largeBuffersOfUploads() {
    return factory ->
        factory.addServerCustomizers(
            server ->
                server
                    .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                    .childOption(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        new AdaptiveRecvByteBufAllocator(SMALLEST, FIRST, LARGEST))
                    .httpRequestDecoder(decoder -> decoder.maxChunkSize(LARGEST)));
  }
}
