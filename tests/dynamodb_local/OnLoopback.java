// DynamoDB Local in memory on the loopback interface alone; its own main listens on all of them.
//
//   java -Dsqlite4java.library.path=JARS -cp 'JARS/*' OnLoopback.java PORT
//
// PORT 0 takes a free one. Prints "listening on PORT", and ends when its standard input does: so
// with the process that started it, however that one ended.

import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

public class OnLoopback {
    public static void main(String[] args) throws Exception {
        var proxy = ServerRunner.createServerFromCommandLineArgs(
                new String[] {"-inMemory", "-disableTelemetry"});
        var server = DynamoDBProxyServer.class.getDeclaredField("server");
        server.setAccessible(true);
        var connector = (ServerConnector) ((Server) server.get(proxy)).getConnectors()[0];
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(args[0]));
        proxy.safeStart();
        System.out.println("listening on " + connector.getLocalPort());
        while (System.in.read() != -1) { }
        Runtime.getRuntime().halt(0);
    }
}
