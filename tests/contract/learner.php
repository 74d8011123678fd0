<?php
// What a PHP vendor sends to SaveLearnerActivity. Arguments: the contract's path, the payload as JSON, in
// which an element with attributes has its text under "_". Prints the envelope.
declare(strict_types=1);

[, $wsdl, $payload] = $argv;

$client = new class ($wsdl, ['cache_wsdl' => WSDL_CACHE_NONE]) extends SoapClient {
    public string $sent = '';

    public function __doRequest(string $request, string $location, string $action, int $version, bool $oneWay = false): ?string
    {
        $this->sent = $request;
        return '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body/></Envelope>';
    }
};
$reports = json_decode($payload, true, flags: JSON_THROW_ON_ERROR);
$client->SaveLearnerActivity(['ACCMELearnerReports' => $reports, 'ProviderId' => '0001234']);
echo $client->sent;
