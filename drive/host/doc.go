// Package host runs a world in real time and shows each vehicle in it as a Thing over MQTT.
package host
