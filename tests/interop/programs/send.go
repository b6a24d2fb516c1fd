// Sends a file with net/smtp. Whatever is not among the arguments (name=value) is left to its defaults.
package main

import (
	"crypto/tls"
	"log"
	"net"
	"net/smtp"
	"os"
	"strings"
)

func main() {
	ask := map[string]string{}
	for _, word := range os.Args[1:] {
		name, value, _ := strings.Cut(word, "=")
		ask[name] = value
	}
	octets, err := os.ReadFile(ask["file"])
	if err == nil {
		err = send(ask, strings.Split(ask["to"], ","), octets)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func send(ask map[string]string, to []string, octets []byte) error {
	address := net.JoinHostPort(ask["host"], ask["port"])
	var auth smtp.Auth
	if ask["mechanism"] == "CRAM-MD5" {
		auth = smtp.CRAMMD5Auth(ask["user"], ask["password"])
	} else if ask["user"] != "" {
		auth = smtp.PlainAuth("", ask["user"], ask["password"], ask["host"])
	}
	if ask["tls"] != "at once" {
		return smtp.SendMail(address, auth, ask["from"], to, octets) // STARTTLS where it is offered
	}
	connection, err := tls.Dial("tcp", address, nil)
	if err != nil {
		return err
	}
	client, err := smtp.NewClient(connection, ask["host"])
	if err != nil {
		return err
	}
	return through(client, auth, ask["from"], to, octets)
}

func through(client *smtp.Client, auth smtp.Auth, from string, to []string, octets []byte) error {
	defer client.Close()
	if auth != nil {
		if err := client.Auth(auth); err != nil {
			return err
		}
	}
	if err := client.Mail(from); err != nil {
		return err
	}
	for _, each := range to {
		if err := client.Rcpt(each); err != nil {
			return err
		}
	}
	data, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := data.Write(octets); err != nil {
		return err
	}
	if err := data.Close(); err != nil {
		return err
	}
	return client.Quit()
}
